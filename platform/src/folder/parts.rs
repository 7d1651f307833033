//! What must lie in a data folder, by what it has lived through.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use device_registry::{PEPPER_FILE, REGISTRY_FILE};
use ingest::backup::Checksum;

use super::record::{self, Record};
use crate::identity;
use session_store::SESSIONS_FILE;
use sqlite_file::lost;

/// Keys that belong to one folder, and what hangs on each.
const SECRETS: [(&str, &str); 3] = [
    (
        identity::FILE,
        "what devices keep of the platform's receipts is signed by it",
    ),
    (
        identity::ES256_FILE,
        "what devices keep of the platform's receipts is signed by it",
    ),
    (
        PEPPER_FILE,
        "without it no password and no API key can be checked",
    ),
];
/// Folders and databases.
const LOG: &str = "log";
const STORE: &str = "store";
/// The first format that has kept sessions.
const WITH_SESSIONS: u32 = 2;
/// What helps.
const RESTORE: &str = "put it back as it was, as from a backup of this folder; see madang doctor";

fn names() -> impl Iterator<Item = &'static str> {
    let secrets = SECRETS.iter().map(|(name, _)| *name);
    [LOG, STORE, REGISTRY_FILE, SESSIONS_FILE]
        .into_iter()
        .chain(secrets)
}

/// Those that lie there.
pub(crate) fn found(data: &Path) -> Vec<String> {
    names()
        .filter(|name| data.join(name).exists())
        .map(str::to_owned)
        .collect()
}

/// What a file of keys is known by.
fn digest(path: &Path) -> std::io::Result<String> {
    Ok(Checksum::sha256(&std::fs::read(path)?).to_string())
}

/// Of all keys that lie there.
pub(crate) fn digests(data: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut digests = BTreeMap::new();
    for (name, _) in SECRETS {
        let path = data.join(name);
        if path.exists() {
            let digest =
                digest(&path).with_context(|| format!("cannot read {}", path.display()))?;
            digests.insert(name.to_owned(), digest);
        }
    }
    Ok(digests)
}

/// Refuses a folder that lacks a part or has another's keys. Whether the others
/// belong to it and have got as far as they must, the crates that open them look at.
pub(super) fn check_whole(data: &Path, record: &Record) -> anyhow::Result<()> {
    // Where store and log agree against it, it is the record that is foreign.
    if let [Some(store), Some(log)] = ingest::repair::folders_of(data)
        && store == log
        && store != record.folder
    {
        bail!(
            "{} is of another data folder: put this folder's own back, or let madang doctor \
             --repair write it again",
            data.join(record::FILE).display()
        );
    }
    for name in &record.parts {
        let path = data.join(name);
        if let Some(what) = lost(&path) {
            bail!("{} {what}: {RESTORE}", path.display());
        }
    }
    for (name, digest) in &record.secrets {
        let path = data.join(name);
        if let Some(fault) = key_fault(&path, digest) {
            let hangs = SECRETS.iter().find(|(secret, _)| secret == name);
            let hangs = hangs.map_or("this folder's is needed", |(_, hangs)| *hangs);
            bail!("{} {fault}: {hangs}; {RESTORE}", path.display());
        }
    }
    Ok(())
}

/// What is wrong with a file of keys whose digest is to be `expected`.
pub(crate) fn key_fault(path: &Path, expected: &str) -> Option<String> {
    if let Some(what) = lost(path) {
        return Some(what.to_owned());
    }
    match digest(path) {
        Ok(found) if found == expected => None,
        Ok(_) => Some("is not the one of this data folder".to_owned()),
        Err(error) => Some(format!("cannot be read ({error})")),
    }
}

/// Refuses a folder of an older format that has lived and lacks a part. It has
/// lived where there is a segment of the log or a file of the store.
pub(super) fn check_old(data: &Path, format: u32) -> anyhow::Result<()> {
    let has = |folder: &str, end: &str| {
        let entries = std::fs::read_dir(data.join(folder)).into_iter().flatten();
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().ends_with(end))
    };
    if !has(LOG, ".log") && !has(STORE, ".parquet") {
        return Ok(());
    }
    // The second key came later than the last of those formats.
    let needed = names()
        .filter(|name| *name != SESSIONS_FILE || format >= WITH_SESSIONS)
        .filter(|name| *name != identity::ES256_FILE);
    for name in needed {
        let path = data.join(name);
        if let Some(what) = lost(&path) {
            bail!(
                "{} {what}, and this data folder has lived: {RESTORE}",
                path.display()
            );
        }
    }
    Ok(())
}
