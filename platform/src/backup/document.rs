//! `backup.json`: what a backup is, and the checksum of each of its files.
//!
//! One JSON object, format 1:
//!
//! | Member | Meaning |
//! |---|---|
//! | `format` | 1; a newer one is refused |
//! | `program` | version of the madang that made it |
//! | `made` | when, RFC 3339 |
//! | `offset` | every frame up to it is there, and none later |
//! | `rows`, `devices` | what is there |
//! | `damaged` | data files that were damaged and are left out |
//! | `files` | `path` within the folder, `bytes`, `sum`: `sha256:` or `crc32c:` and hexadecimal |
//! | `sum` | of this object with an empty `sum`, as it is written |
//!
//! Constraints: it is written last and whole, so a folder without it is no
//! backup; it is read only where it is, to the byte, what would be written of
//! its content, so that no flipped bit in it passes.

use std::path::{Path, PathBuf};

use ingest::backup::{Checksum, CopiedFile};
use serde::{Deserialize, Serialize};

/// Its name in the backup's folder.
pub const BACKUP_FILE: &str = "backup.json";
const FORMAT: u32 = 1;
/// A file has about 120 bytes here: half a million of them.
const MAX_BYTES: u64 = 64 << 20;

/// What a backup is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    format: u32,
    pub program: String,
    pub made: String,
    pub offset: u64,
    pub rows: u64,
    pub devices: u64,
    pub damaged: Vec<String>,
    files: Vec<FileLine>,
    sum: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLine {
    path: String,
    bytes: u64,
    sum: String,
}

/// Read before anything else of it.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

/// Why a folder is no backup that can be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    #[error("{} is missing: the folder is no backup, or one that was not finished", .0.display())]
    Missing(PathBuf),
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("{} is damaged: {what}", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("{} is of format {found}, and this madang reads {FORMAT}: use a newer madang", path.display())]
    Newer { path: PathBuf, found: u32 },
}

/// What stands in it beside the files.
pub(crate) struct Facts {
    pub(crate) made: String,
    pub(crate) offset: u64,
    pub(crate) rows: u64,
    pub(crate) devices: u64,
    pub(crate) damaged: Vec<String>,
}

impl Document {
    pub(crate) fn new(facts: Facts, files: &[CopiedFile]) -> Self {
        let lines = files.iter().map(|file| FileLine {
            path: file.name.clone(),
            bytes: file.bytes,
            sum: file.sum.to_string(),
        });
        let mut document = Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            made: facts.made,
            offset: facts.offset,
            rows: facts.rows,
            devices: facts.devices,
            damaged: facts.damaged,
            files: lines.collect(),
            sum: String::new(),
        };
        document.sum = document.right_sum();
        document
    }

    pub(crate) fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("numbers and texts have a JSON form") + "\n"
    }

    fn right_sum(&self) -> String {
        let empty = Self {
            sum: String::new(),
            ..self.clone()
        };
        Checksum::sha256(empty.to_text().as_bytes()).to_string()
    }

    /// The one of the backup in `folder`.
    pub fn read(folder: &Path) -> Result<Self, DocumentError> {
        Self::read_file(&folder.join(BACKUP_FILE))
    }

    /// The one in a file of its own.
    pub(super) fn read_file(path: &Path) -> Result<Self, DocumentError> {
        let failed = |cause: std::io::Error| match cause.kind() {
            std::io::ErrorKind::NotFound => DocumentError::Missing(path.to_owned()),
            _ => DocumentError::Read {
                path: path.to_owned(),
                cause,
            },
        };
        let damaged = |what: &str| DocumentError::Damaged {
            path: path.to_owned(),
            what: what.to_owned(),
        };
        if std::fs::metadata(path).map_err(failed)?.len() > MAX_BYTES {
            return Err(damaged("it is longer than any"));
        }
        let bytes = std::fs::read(path).map_err(failed)?;
        let head: FormatOnly =
            serde_json::from_slice(&bytes).map_err(|error| damaged(&error.to_string()))?;
        if head.format > FORMAT {
            return Err(DocumentError::Newer {
                path: path.to_owned(),
                found: head.format,
            });
        }
        let document: Self =
            serde_json::from_slice(&bytes).map_err(|error| damaged(&error.to_string()))?;
        if document.sum != document.right_sum() || document.to_text().as_bytes() != bytes {
            return Err(damaged("its checksum is wrong"));
        }
        if document.files().any(|file| file.is_none()) {
            return Err(damaged("a checksum in it cannot be read"));
        }
        Ok(document)
    }

    /// The files, `None` for one whose checksum is of no known form.
    fn files(&self) -> impl Iterator<Item = Option<CopiedFile>> + '_ {
        self.files.iter().map(|line| {
            Some(CopiedFile {
                name: line.path.clone(),
                bytes: line.bytes,
                sum: Checksum::parse(&line.sum)?,
            })
        })
    }

    /// All files beside this one.
    pub fn copied(&self) -> Vec<CopiedFile> {
        self.files().flatten().collect()
    }

    /// Tells the backup from all others.
    pub(crate) fn sum(&self) -> &str {
        &self.sum
    }

    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

#[cfg(test)]
mod tests;
