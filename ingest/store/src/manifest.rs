//! The manifest: which files the store consists of, and up to which offset
//! they hold everything.
//!
//! `DIR/store/manifest` is two lines: `madang-store VERSION CRC`, CRC-32C of
//! `madang-store VERSION` and the second line in hexadecimal (before version 3
//! of the second line alone), then one JSON object. Constraints: it is
//! replaced as a whole, after the files that it names are durable and before
//! log space is given back; what it does not name is no part of the store.
//!
//! It is there from the first start on: a store without one has lost it, and is
//! refused. It tells the data folder's id, and which files it or one before it
//! has replaced: of what it does not name, only those may be removed.
//!
//! Version 4, whose data files are of format 2 or older. Versions 1, whose files
//! are all flushed ones, 2, whose files are of format 1, and 3, which knows no
//! folder, are written again as version 4 when the store is opened. A newer one
//! is refused, and left as it is.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use domain::{FolderId, FolderMark, Misfit};
use serde::{Deserialize, Serialize};

use crate::file::replace::replace;

/// Its name in the store's folder.
pub(crate) const FILE: &str = "manifest";
const TITLE: &str = "madang-store";
/// Of the manifest, and so of the folder.
const VERSION: u32 = 4;
/// The oldest that is read.
const OLDEST_VERSION: u32 = 1;
/// A day, in microseconds.
pub(crate) const DAY: i64 = 86_400_000_000;

/// The store's content at one moment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Every frame up to it is in the files, and none later.
    pub(crate) flushed_offset: u64,
    /// The number that the next file gets; none is used twice.
    pub(crate) next_file: u64,
    /// Oldest offsets first.
    pub(crate) files: Vec<FileEntry>,
    /// Damaged files: kept under another name, not served.
    pub(crate) set_aside: Vec<FileEntry>,
    /// Files that retention has set aside: kept under their names, not served,
    /// and removed after a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) expired: Vec<Expired>,
    /// The id of the data folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<String>,
    /// Numbers of files that were named once and are no more, and may still
    /// lie there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) replaced: Vec<u64>,
    /// Up to which offset the quarantine's file goes at least; 0: there is
    /// none.
    #[serde(default)]
    pub(crate) quarantine: u64,
}

/// A file that is over and still there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Expired {
    pub(crate) entry: FileEntry,
    /// When it was set aside, in microseconds since 1970.
    pub(crate) since: i64,
}

/// One Parquet file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct FileEntry {
    pub(crate) number: u64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// CRC-32C of the whole file.
    pub(crate) crc: u32,
    /// Inclusive, as are the times.
    pub(crate) first_offset: u64,
    pub(crate) last_offset: u64,
    /// Phenomenon times, in microseconds since 1970.
    pub(crate) min_time: i64,
    pub(crate) max_time: i64,
    /// `None`: as it was flushed, rows of all datastreams and days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) day: Option<DayFile>,
    /// Whether a rollup lies beside it.
    #[serde(default)]
    pub(crate) rollup: bool,
}

/// What a day file holds rows of; several files may hold the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) struct DayFile {
    /// Days since 1970-01-01, UTC, of the phenomenon times.
    pub(crate) day: i32,
    /// Empty where the datastream was not known, as is `model`.
    pub(crate) agency: String,
    pub(crate) model: String,
}

impl DayFile {
    /// Where the day ends, in microseconds since 1970.
    pub(crate) fn end(&self) -> i64 {
        (i64::from(self.day) + 1) * DAY
    }
}

/// The UTC day of a time in microseconds.
pub(crate) fn day_of(time: i64) -> i32 {
    // 64 bits of microseconds are 106 million days each way.
    time.div_euclid(DAY) as i32
}

impl FileEntry {
    /// One of which nothing is known yet.
    pub(crate) fn numbered(number: u64, day: Option<DayFile>) -> Self {
        Self {
            number,
            rows: 0,
            bytes: 0,
            crc: 0,
            first_offset: 0,
            last_offset: 0,
            min_time: 0,
            max_time: 0,
            day,
            rollup: false,
        }
    }

    /// In which order files stand in manifest and view.
    pub(crate) fn order(&self) -> (u64, u64) {
        (self.first_offset, self.number)
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{:012}.parquet", self.number)
    }

    pub(crate) fn index_name(&self) -> String {
        format!("{:012}.idx", self.number)
    }

    pub(crate) fn rollup_name(&self) -> String {
        format!("{:012}.rollup", self.number)
    }

    /// All that belongs to it.
    pub(crate) fn names(&self) -> [String; 3] {
        [self.file_name(), self.index_name(), self.rollup_name()]
    }

    /// The number of a Parquet file's name.
    pub(crate) fn parse_name(name: &str) -> Option<u64> {
        name.strip_suffix(".parquet")?.parse().ok()
    }

    pub(crate) fn damaged_name(&self) -> String {
        format!("{:012}.parquet.damaged", self.number)
    }
}

/// What helps where a manifest is lost: the files tell what it said of them.
const MEND: &str = "nothing was changed; madang doctor --repair makes it again from the files";

/// Why a manifest cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("cannot read the manifest {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("cannot upgrade the manifest {}", path.display())]
    Upgrade {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the manifest {} is damaged: {MEND}", path.display())]
    Damaged { path: PathBuf },
    #[error("the manifest {} is missing, and this store has lived: {MEND}", path.display())]
    Missing { path: PathBuf },
    #[error("the manifest {} does not fit: {misfit}; put this folder's own back", path.display())]
    Misfit { path: PathBuf, misfit: Misfit },
    #[error(
        "the manifest {} is of format {found}, and this version reads {VERSION}: use a newer madang",
        path.display()
    )]
    Newer { path: PathBuf, found: u32 },
}

impl Manifest {
    /// The one of `folder`, as this version writes it from now on.
    pub(crate) fn open(folder: &Path, mark: FolderMark) -> Result<Self, ManifestError> {
        let found = match Self::read_version(folder) {
            Err(ManifestError::Missing { .. }) if mark.adopts() && !has_files(folder) => None,
            found => Some(found?),
        };
        let (mut manifest, version) = found.unwrap_or_default();
        let path = folder.join(FILE);
        if let Err(misfit) = mark.check(manifest.folder_id()) {
            return Err(ManifestError::Misfit { path, misfit });
        }
        if (1..VERSION).contains(&version) {
            tracing::info!(
                from = version,
                to = VERSION,
                folder = %folder.display(),
                "the store's manifest is upgraded"
            );
        }
        let told = manifest.folder_id();
        if version < VERSION || (told.is_none() && mark.id().is_some()) {
            manifest.folder = mark.id().or(told).map(|id| id.to_string());
            manifest
                .write(folder)
                .map_err(|cause| ManifestError::Upgrade { path, cause })?;
        }
        Ok(manifest)
    }

    pub(crate) fn read(folder: &Path) -> Result<Self, ManifestError> {
        Self::read_version(folder).map(|(manifest, _)| manifest)
    }

    /// The data folder that it tells.
    pub(crate) fn folder_id(&self) -> Option<FolderId> {
        self.folder.as_deref()?.parse().ok()
    }

    /// Takes files out of it that others stand for, or whose time is over. Of
    /// those before, what was removed meanwhile is forgotten.
    pub(crate) fn replace(&mut self, folder: &Path, gone: &HashSet<u64>) {
        self.files.retain(|entry| !gone.contains(&entry.number));
        self.replaced.retain(|number| {
            let names = FileEntry::numbered(*number, None).names();
            names.iter().any(|name| folder.join(name).exists())
        });
        self.replaced.extend(gone);
        self.replaced.sort_unstable();
    }

    fn read_version(folder: &Path) -> Result<(Self, u32), ManifestError> {
        let path = folder.join(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ManifestError::Missing { path });
            }
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
        body.filter(|_| version >= OLDEST_VERSION)
            .and_then(|body| serde_json::from_slice(body).ok())
            .map(|manifest| (manifest, version))
            .ok_or(ManifestError::Damaged { path })
    }

    /// Brings the files into their order.
    pub(crate) fn sort(&mut self) {
        self.files.sort_by_key(FileEntry::order);
    }

    /// Whether it tells of the same files and rows; numbers that are given out
    /// run ahead.
    pub(crate) fn names_the_same(&self, other: &Self) -> bool {
        self.files == other.files
            && self.set_aside == other.set_aside
            && self.expired == other.expired
            && self.flushed_offset == other.flushed_offset
    }

    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        replace(folder, FILE, self.to_text()?.as_bytes())
    }

    /// The file's content.
    pub(crate) fn to_text(&self) -> io::Result<String> {
        let body = serde_json::to_string(self).map_err(io::Error::other)?;
        let crc = crc(VERSION, body.as_bytes());
        Ok(format!("{TITLE} {VERSION} {crc:08x}\n{body}\n"))
    }
}

/// Whether a data file lies there.
pub(crate) fn has_files(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    names
        .filter_map(|found| found.file_name().into_string().ok())
        .any(|name| FileEntry::parse_name(&name).is_some())
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
    let told = u32::from_str_radix(words.next().unwrap_or_default(), 16).ok();
    let body = text[end + 1..].strip_suffix(b"\n");
    Some((
        version,
        body.filter(|body| told == Some(crc(version, body))),
    ))
}

/// Of a body as `version` sums it up.
fn crc(version: u32, body: &[u8]) -> u32 {
    let title = match version {
        ..3 => String::new(),
        _ => format!("{TITLE} {version}"),
    };
    crc32c::crc32c_append(crc32c::crc32c(title.as_bytes()), body)
}

#[cfg(test)]
mod tests;
