//! The manifest: which files the store consists of, and up to which offset
//! they hold everything.
//!
//! `DIR/store/manifest` is two lines: `madang-store VERSION CRC`, CRC-32C of
//! the second line in hexadecimal, then one JSON object. Constraints: it is
//! replaced as a whole, after the files that it names are durable and before
//! log space is given back; what it does not name is no part of the store.
//! Version 1. A newer one is refused, and left as it is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::replace::replace;

const FILE: &str = "manifest";
const TITLE: &str = "madang-store";
/// Of the manifest, and so of the folder.
const VERSION: u32 = 1;

/// The store's content at one moment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Every frame up to it is in the files, and none later.
    pub(super) flushed_offset: u64,
    /// The number that the next file gets; none is used twice.
    pub(super) next_file: u64,
    /// Oldest offsets first.
    pub(super) files: Vec<FileEntry>,
    /// Damaged files: kept under another name, not served.
    pub(super) set_aside: Vec<FileEntry>,
}

/// One Parquet file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct FileEntry {
    pub(super) number: u64,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// CRC-32C of the whole file.
    pub(super) crc: u32,
    /// Inclusive, as are the times.
    pub(super) first_offset: u64,
    pub(super) last_offset: u64,
    /// Phenomenon times, in microseconds since 1970.
    pub(super) min_time: i64,
    pub(super) max_time: i64,
}

impl FileEntry {
    pub(super) fn file_name(&self) -> String {
        format!("{:012}.parquet", self.number)
    }

    pub(super) fn index_name(&self) -> String {
        format!("{:012}.idx", self.number)
    }

    pub(super) fn damaged_name(&self) -> String {
        format!("{:012}.parquet.damaged", self.number)
    }
}

/// Why a manifest cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("cannot read the manifest {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the manifest {} is damaged", path.display())]
    Damaged { path: PathBuf },
    #[error(
        "the manifest {} is of format {found}, and this version reads {VERSION}: use a newer madang",
        path.display()
    )]
    Newer { path: PathBuf, found: u32 },
}

impl Manifest {
    /// An empty one where there is none yet.
    pub(super) fn read(folder: &Path) -> Result<Self, ManifestError> {
        let path = folder.join(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(cause) => return Err(ManifestError::Io { path, cause }),
        };
        let (version, body) = match parse(&text) {
            Some(parts) => parts,
            None => return Err(ManifestError::Damaged { path }),
        };
        if version > VERSION {
            return Err(ManifestError::Newer {
                path,
                found: version,
            });
        }
        body.filter(|_| version == VERSION)
            .and_then(|body| serde_json::from_slice(body).ok())
            .ok_or(ManifestError::Damaged { path })
    }

    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let body = serde_json::to_string(self).map_err(io::Error::other)?;
        let crc = crc32c::crc32c(body.as_bytes());
        let text = format!("{TITLE} {VERSION} {crc:08x}\n{body}\n");
        replace(folder, FILE, text.as_bytes())
    }
}

/// The version, and the body where its CRC is right.
fn parse(text: &[u8]) -> Option<(u32, Option<&[u8]>)> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let title = std::str::from_utf8(&text[..end]).ok()?;
    let mut words = title.split(' ');
    if words.next() != Some(TITLE) {
        return None;
    }
    let version = words.next()?.parse().ok()?;
    let crc = u32::from_str_radix(words.next().unwrap_or_default(), 16).ok();
    let body = text[end + 1..].strip_suffix(b"\n");
    Some((
        version,
        body.filter(|body| crc == Some(crc32c::crc32c(body))),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            flushed_offset: 12,
            next_file: 2,
            files: vec![FileEntry {
                number: 1,
                rows: 3,
                bytes: 4,
                crc: 5,
                first_offset: 1,
                last_offset: 12,
                min_time: -7,
                max_time: 8,
            }],
            set_aside: Vec::new(),
        }
    }

    #[test]
    fn it_reads_what_it_wrote_and_starts_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), Manifest::default());
        manifest().write(folder.path()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), manifest());
    }

    #[test]
    fn damage_is_refused_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        manifest().write(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        let sound = fs::read(&path).unwrap();
        for at in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert!(Manifest::read(folder.path()).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_newer_format_is_refused_as_such() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "madang-store 2 xyz\n??").unwrap();
        let error = Manifest::read(folder.path()).unwrap_err();
        assert!(
            matches!(error, ManifestError::Newer { found: 2, .. }),
            "{error}"
        );
    }
}
