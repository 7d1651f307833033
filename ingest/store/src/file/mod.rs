//! One Parquet file that is served.
//!
//! Constraints: its CRC is checked once, before its first row is read, so that
//! a flipped bit is named and not served; its metadata is read then, and kept.
//! A file that is replaced or dropped goes once no view shows it any more.
//!
//! In reading order: `schema`, `times`, `columns`, `index` and `rollup` (files
//! that belong to it), `origin`, `disk` and `replace`, `write`; then `source`,
//! `pages`, `paged`, `decode`, `cursor` and `open`, which read.

pub(crate) mod columns;
pub(crate) mod cursor;
pub(crate) mod decode;
pub(crate) mod disk;
pub(crate) mod index;
mod open;
pub(crate) mod origin;
pub(crate) mod paged;
pub(crate) mod pages;
pub(crate) mod replace;
pub(crate) mod rollup;
pub(crate) mod row;
pub(crate) mod schema;
pub(crate) mod source;
pub(crate) mod times;
pub(crate) mod write;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use parking_lot::Mutex;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;

use crate::file::index::{Index, Repeats};
use crate::file::replace::TEMPORARY;
use crate::file::rollup::Rollups;
use crate::file::schema::{FORMAT_KEY, FORMAT_VERSION};
pub(crate) use crate::file::source::Source;
use crate::file::times::Times;
use crate::manifest::FileEntry;

/// A file, its index, and what was learnt of it.
pub(crate) struct DataFile {
    pub(crate) entry: FileEntry,
    pub(crate) index: Index,
    /// Set where there is one, and it is sound: at the start, or once it was
    /// made again.
    pub(crate) rollups: OnceLock<Rollups>,
    /// Nobody could make the rollup again: it is not tried twice.
    pub(crate) stays_without_rollup: AtomicBool,
    pub(crate) path: PathBuf,
    pub(crate) source: Source,
    /// By the file system's clock.
    pub(crate) written: SystemTime,
    /// There once the file was checked.
    footer: Mutex<Option<Footer>>,
    /// No manifest names it any more.
    is_over: AtomicBool,
}

/// What the end of a file tells of it.
#[derive(Clone)]
pub(crate) struct Footer {
    pub(crate) metadata: ArrowReaderMetadata,
    pub(crate) times: Times,
}

/// Why a file's rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot read {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        path: PathBuf,
        number: u64,
        what: String,
    },
    #[error(
        "{} is of format {found}, and this version reads {FORMAT_VERSION}: use a newer madang",
        path.display()
    )]
    Newer { path: PathBuf, found: u32 },
}

impl DataFile {
    /// A file that is whole.
    pub(crate) fn new(folder: &Path, entry: FileEntry, index: Index) -> Self {
        let path = folder.join(entry.file_name());
        let rollups = entry
            .rollup
            .then(|| Rollups::open(&folder.join(entry.rollup_name()), entry.crc));
        Self {
            rollups: rollups.flatten().map(OnceLock::from).unwrap_or_default(),
            stays_without_rollup: AtomicBool::new(false),
            source: Source::new(&path, entry.bytes),
            path,
            entry,
            index,
            written: SystemTime::now(),
            footer: Mutex::new(None),
            is_over: AtomicBool::new(false),
        }
    }

    pub(crate) fn repeats(&self) -> Repeats {
        if self.entry.day.is_some() {
            Repeats::None
        } else {
            Repeats::Some
        }
    }

    /// Removes it, with what lies beside it, once nobody reads it. No manifest
    /// may name it any more; what stays is removed at the next start.
    pub(crate) fn remove_when_unused(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    /// Opens the file and gives its footer; the first call checks the whole
    /// file.
    pub(crate) fn footer(&self) -> Result<Footer, ReadError> {
        self.source
            .open()
            .map_err(|cause| io_error(&self.path, cause))?;
        let mut known = self.footer.lock();
        if let Some(footer) = known.as_ref() {
            return Ok(footer.clone());
        }
        let crc = self
            .source
            .crc()
            .map_err(|cause| io_error(&self.path, cause))?;
        if crc != self.entry.crc {
            return Err(damaged(
                &self.path,
                self.entry.number,
                "its checksum is wrong",
            ));
        }
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&self.source, options)
            .map_err(|cause| self.unreadable(&cause))?;
        let times = self.times(&metadata)?;
        Ok(known.insert(Footer { metadata, times }).clone())
    }

    /// How the file keeps times, if this version can read it.
    fn times(&self, metadata: &ArrowReaderMetadata) -> Result<Times, ReadError> {
        let pairs = metadata.metadata().file_metadata().key_value_metadata();
        let version = pairs
            .into_iter()
            .flatten()
            .find(|pair| pair.key == FORMAT_KEY)
            .and_then(|pair| pair.value.as_deref()?.parse().ok());
        if let Some(found) = version.filter(|found| *found > FORMAT_VERSION) {
            return Err(ReadError::Newer {
                path: self.path.clone(),
                found,
            });
        }
        version
            .filter(|_| metadata.metadata().num_row_groups() == 1)
            .and_then(|version| {
                let time = metadata.schema().fields().get(schema::TIME)?;
                Times::of(version, time.data_type())
            })
            .ok_or_else(|| self.damaged("it names no format of ours"))
    }

    /// The file's CRC was right, so what its reader says is our own defect or
    /// the disk's.
    pub(crate) fn unreadable(&self, cause: &ParquetError) -> ReadError {
        damaged(&self.path, self.entry.number, &cause.to_string())
    }

    /// A read found the file to be other than it must be.
    pub(crate) fn damaged(&self, what: &str) -> ReadError {
        damaged(&self.path, self.entry.number, what)
    }
}

impl Drop for DataFile {
    fn drop(&mut self) {
        if self.is_over.load(Ordering::Acquire)
            && let Some(folder) = self.path.parent()
        {
            remove(folder, &self.entry);
        }
    }
}

/// Removes the files of `entry`, finished or not, as far as that goes.
pub(crate) fn remove(folder: &Path, entry: &FileEntry) {
    for name in entry.names() {
        for name in [format!("{name}.{TEMPORARY}"), name] {
            let path = folder.join(name);
            if let Err(error) = disk::remove(&path) {
                tracing::warn!(path = %path.display(), %error, "a file that is over stays");
            }
        }
    }
}

fn damaged(path: &Path, number: u64, what: &str) -> ReadError {
    ReadError::Damaged {
        path: path.to_owned(),
        number,
        what: what.to_owned(),
    }
}

fn io_error(path: &Path, cause: io::Error) -> ReadError {
    ReadError::Io {
        path: path.to_owned(),
        cause,
    }
}
