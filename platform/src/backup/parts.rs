//! Which files of a data folder a backup takes, and when.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use device_registry::{MAX_PHOTOS, PEPPER_FILE, PHOTOS_FOLDER, REGISTRY_FILE, TOKEN_FILE};
use feed::CURSOR_FILE;
use ingest::{ASIDE, CLOCK_FILE};

use super::document::BACKUP_FILE;
use super::staging;
use crate::folder::record;
use crate::{format, identity, server_file};
use session_store::SESSIONS_FILE;

/// Files beside store, log and databases: models, keys, cursors.
const MAX_FILES: usize = 10_000;
/// More than there are, for those that nothing refers to since a crash.
const MAX_PHOTO_FILES: usize = 2 * MAX_PHOTOS;
/// Of a database, its file and its write-ahead log.
const DATABASE_FILES: [&str; 2] = ["", "-wal"];
/// Taken by crates of their own, or before all others, or not worth taking: locks,
/// where the server listens, and exports, which are made again.
const ELSEWHERE: [&str; 9] = [
    "log",
    "store",
    "lock",
    "export",
    staging::FOLDER,
    BACKUP_FILE,
    server_file::FILE,
    record::FILE,
    PHOTOS_FOLDER,
];
/// Before the log, since they may hold positions in it. They are replaced while
/// the platform runs.
const FIRST: [&str; 2] = [CURSOR_FILE, CLOCK_FILE];
/// After the log, since frames refer to them.
const LAST: [&str; 6] = [
    "models",
    TOKEN_FILE,
    identity::FILE,
    identity::ES256_FILE,
    PEPPER_FILE,
    format::FILE,
];
/// Ends of names of files that are being written, or were set aside.
const PASSING: [&str; 3] = [".tmp", ".new", ".damaged"];

/// Why the files were not found.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    #[error("cannot look into {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("{} has more than {MAX_FILES} files beside store, log and photos", .0.display())]
    TooMany(PathBuf),
    #[error("{} has far more photos than the registry takes", .0.display())]
    TooManyPhotos(PathBuf),
}

/// A file, and its name within the data folder.
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) name: String,
}

/// What is copied as it lies there.
pub(super) struct Parts {
    /// May hold positions in the log.
    pub(super) first: Vec<Part>,
    pub(super) last: Vec<Part>,
}

/// Those of the data folder; what nobody here knows is taken too.
pub(super) fn parts(data: &Path) -> Result<Parts, PartsError> {
    let io = |cause| PartsError::Io {
        path: data.to_owned(),
        cause,
    };
    let listed: Result<Vec<OsString>, _> = fs::read_dir(data)
        .map_err(io)?
        .map(|entry| Ok(entry.map_err(io)?.file_name()))
        .collect();
    parts_of(data, &listed?)
}

/// Those that are known are looked for by name: a file system may leave a file
/// out of a list that is replaced while the list is made.
fn parts_of(data: &Path, listed: &[OsString]) -> Result<Parts, PartsError> {
    let mut parts = Parts {
        first: Vec::new(),
        last: Vec::new(),
    };
    for known in FIRST {
        collect(data, Path::new(known), MAX_FILES, &mut parts.first)?;
    }
    for known in LAST {
        collect(data, Path::new(known), MAX_FILES, &mut parts.last)?;
    }
    let known = [&FIRST[..], &LAST, &ELSEWHERE].concat();
    let others = listed.iter().filter_map(|name| name.to_str());
    for other in others.filter(|name| !name.contains(ASIDE) && !is_database(name)) {
        if !known.contains(&other) {
            collect(data, Path::new(other), MAX_FILES, &mut parts.first)?;
        }
    }
    Ok(parts)
}

/// The photos, of which the registry names each. They are listed once it is
/// copied: a photo is there before its row is.
pub(super) fn photos(data: &Path) -> Result<Vec<Part>, PartsError> {
    let mut photos = Vec::new();
    match collect(data, Path::new(PHOTOS_FOLDER), MAX_PHOTO_FILES, &mut photos) {
        Err(PartsError::TooMany(data)) => Err(PartsError::TooManyPhotos(data)),
        done => done.map(|()| photos),
    }
}

/// The record of the folder, where it has one. It is taken before all others:
/// none of them may have got less far than it says.
pub(super) fn record(data: &Path) -> Option<Part> {
    let path = data.join(record::FILE);
    let name = record::FILE.to_owned();
    path.exists().then_some(Part { path, name })
}

/// The files of a database that nobody has open.
pub(super) fn database(data: &Path, name: &str) -> Vec<Part> {
    let files = DATABASE_FILES.iter().map(|end| format!("{name}{end}"));
    files
        .map(|name| Part {
            path: data.join(&name),
            name,
        })
        .filter(|part| part.path.exists())
        .collect()
}

pub(super) fn bytes(parts: &[Part]) -> u64 {
    parts
        .iter()
        .filter_map(|part| fs::metadata(&part.path).ok())
        .map(|file| file.len())
        .sum()
}

fn is_database(name: &str) -> bool {
    [REGISTRY_FILE, SESSIONS_FILE]
        .iter()
        .any(|database| name.starts_with(database))
}

/// The files at `name`; links to elsewhere are none of this folder's. What was
/// removed or got another name since it was listed, as a file that was in the
/// making, is none any more.
fn collect(data: &Path, name: &Path, most: usize, into: &mut Vec<Part>) -> Result<(), PartsError> {
    let path = data.join(name);
    let io = |cause| PartsError::Io {
        path: path.clone(),
        cause,
    };
    let Some(kind) = if_there(fs::symlink_metadata(&path)).map_err(io)? else {
        return Ok(());
    };
    if kind.is_dir() {
        let Some(entries) = if_there(fs::read_dir(&path)).map_err(io)? else {
            return Ok(());
        };
        for entry in entries {
            let name = name.join(entry.map_err(io)?.file_name());
            collect(data, &name, most, into)?;
        }
    } else if kind.is_file() && !is_passing(name.file_name()) {
        let Some(text) = name.to_str() else {
            return Ok(());
        };
        if into.len() == most {
            return Err(PartsError::TooMany(data.to_owned()));
        }
        into.push(Part {
            name: text.to_owned(),
            path,
        });
    }
    Ok(())
}

/// `None` where nothing has the name.
fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_passing(name: Option<&OsStr>) -> bool {
    let name = name.and_then(OsStr::to_str).unwrap_or_default();
    PASSING.iter().any(|end| name.ends_with(end)) || name.contains(ASIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As where the feed's cursor gets its name while the folder is listed.
    #[test]
    fn a_file_is_found_that_is_replaced_while_the_folder_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        for name in [CURSOR_FILE, "unknown"] {
            fs::write(folder.path().join(name), b"{}").unwrap();
        }
        let listed = ["feed.json.tmp", "unknown"].map(OsString::from);
        let parts = parts_of(folder.path(), &listed).unwrap();
        let names: Vec<_> = parts.first.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, [CURSOR_FILE, "unknown"]);
    }
}
