//! Taking a file out of the way without deleting it.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use domain::Timestamp;

/// Stands before the date in the name of what was set aside.
pub const ASIDE: &str = ".aside-";
/// Names of one second that are tried.
const TRIES: u32 = 1_000;

/// Gives a file or folder a name with the date, beside its old one, which
/// nothing has yet. The caller syncs the folder.
pub fn set_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    for attempt in 1..=TRIES {
        let aside = name(path, now, attempt);
        if fs::symlink_metadata(&aside).is_err() {
            fs::rename(path, &aside)?;
            return Ok(aside);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn name(path: &Path, now: Timestamp, attempt: u32) -> PathBuf {
    let date = now.to_rfc3339();
    let date = date.split('.').next().unwrap_or_default();
    let date: String = date
        .chars()
        .filter(|c| !matches!(c, '-' | ':' | 'Z'))
        .collect();
    let mut name = OsString::from(path.as_os_str());
    name.push(format!("{ASIDE}{date}Z"));
    if attempt > 1 {
        name.push(format!("-{attempt}"));
    }
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_one_second_are_both_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest");
        let now = Timestamp::parse("2026-11-29T13:45:00.25Z").unwrap();
        let aside = [1, 2].map(|number| {
            fs::write(&path, [number]).unwrap();
            set_aside(&path, now).unwrap()
        });
        let names = aside
            .each_ref()
            .map(|path| path.file_name().unwrap().to_str().unwrap());
        assert_eq!(
            names,
            [
                "manifest.aside-20261129T134500Z",
                "manifest.aside-20261129T134500Z-2"
            ]
        );
        assert_eq!(aside.map(|path| fs::read(path).unwrap()), [[1], [2]]);
        assert!(!path.exists());
    }
}
