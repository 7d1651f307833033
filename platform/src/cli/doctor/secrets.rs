//! The files that only the platform's own account may read.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use device_registry::{MIN_TOKEN_BYTES, PEPPER_FILE, REGISTRY_FILE, TOKEN_FILE};

use super::report::Report;
use crate::folder::{Record, key_fault, record};
use crate::identity;
use session_store::SESSIONS_FILE;

/// Of the registry's pepper.
const PEPPER_BYTES: u64 = 32;
/// What a lost key of the platform means.
const KEY_CURE: &str =
    "restore it from a backup: what devices keep of the platform's receipts is signed by it";

pub(super) fn check(data: &Path, record: Option<&Record>, report: &mut Report) {
    for name in [
        TOKEN_FILE,
        identity::FILE,
        identity::ES256_FILE,
        PEPPER_FILE,
        REGISTRY_FILE,
        SESSIONS_FILE,
        record::FILE,
    ] {
        check_mode(&data.join(name), report);
    }
    for (name, bytes, cure) in [
        (identity::FILE, identity::FILE_BYTES, KEY_CURE),
        (identity::ES256_FILE, identity::ES256_FILE_BYTES, KEY_CURE),
        (
            PEPPER_FILE,
            PEPPER_BYTES,
            "restore it from a backup: without it no password and no API key can be checked",
        ),
    ] {
        let path = data.join(name);
        match std::fs::metadata(&path) {
            Ok(file) if file.len() != bytes => {
                report.find(
                    &path,
                    format!("it has {} bytes, and should have {bytes}", file.len()),
                    cure,
                );
            }
            Ok(_) => {}
            // A folder of before the second key gets it at the next start.
            Err(error)
                if name == identity::ES256_FILE
                    && error.kind() == ErrorKind::NotFound
                    && record.is_none_or(|record| !record.secrets.contains_key(name)) => {}
            Err(error) => report.find(&path, format!("it cannot be read: {error}"), cure),
        }
    }
    for (name, digest) in record.iter().flat_map(|record| &record.secrets) {
        let path = data.join(name);
        if path.exists()
            && let Some(fault) = key_fault(&path, digest)
        {
            let cure =
                "put this folder's own back: what was made with it is not valid under another";
            report.find(&path, format!("it {fault}"), cure);
        }
    }
    let path = data.join(TOKEN_FILE);
    match std::fs::read(&path) {
        Ok(token) if token.trim_ascii().len() < MIN_TOKEN_BYTES => {
            let what = format!("it holds less than {MIN_TOKEN_BYTES} characters");
            let cure =
                "restore it from a backup, or delete it: the platform makes a new one at its start";
            report.find(&path, what, cure);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let cure = "restore it from a backup, or start the platform: it makes a new one";
            report.find(&path, "it is missing", cure);
        }
        _ => {}
    }
}

/// Others on the machine may not read or write it.
pub(super) fn check_mode(path: &Path, report: &mut Report) {
    let Ok(file) = std::fs::metadata(path) else {
        return;
    };
    let mode = file.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let cure = format!("chmod 600 {}", path.display());
        report.find(
            path,
            format!("its mode is {mode:o}: others can get at it"),
            cure,
        );
    }
}
