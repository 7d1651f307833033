//! One Parquet file that is served.
//!
//! Constraints: its CRC is checked once, before its first row is read, so that
//! a flipped bit is named and not served; its metadata is read then, and kept.
//! Reads give their own position each, since many queries share the file.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::reader::{ChunkReader, Length};

use super::cursor::FileRows;
use super::head::{FileRow, FileValue};
use super::index::{Index, IndexBuilder};
use super::manifest::FileEntry;
use super::replace::replace;
use super::schema::{FORMAT_KEY, FORMAT_VERSION};
use domain::Value;

/// Bytes read at once for the CRC.
const CHECK_BYTES: usize = 1 << 20;

/// A file, its index, and what was learnt of it.
pub(super) struct DataFile {
    pub(super) entry: FileEntry,
    pub(super) index: Index,
    pub(super) path: PathBuf,
    pub(super) source: Source,
    /// There once the file was checked.
    metadata: Mutex<Option<ArrowReaderMetadata>>,
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
    /// Opens the file of `entry` and reads its index, or makes that again.
    pub(super) fn open(folder: &Path, entry: FileEntry) -> Result<Self, ReadError> {
        let path = folder.join(entry.file_name());
        let file = File::open(&path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => damaged(&path, entry.number, "it is gone"),
            _ => io_error(&path, cause),
        })?;
        let bytes = file
            .metadata()
            .map_err(|cause| io_error(&path, cause))?
            .len();
        if bytes != entry.bytes {
            let what = format!("it has {bytes} bytes, and should have {}", entry.bytes);
            return Err(damaged(&path, entry.number, &what));
        }
        let index = fs::read(folder.join(entry.index_name()))
            .ok()
            .and_then(|bytes| Index::from_bytes(&bytes, entry.crc));
        let (is_whole, index) = (index.is_some(), index.unwrap_or_default());
        let mut opened = Self::new(folder, entry, index, file);
        if !is_whole {
            tracing::warn!(path = %opened.path.display(), "its index is made again");
            opened.index = opened.read_index()?;
            let bytes = opened.index.to_bytes(opened.entry.crc);
            replace(folder, &opened.entry.index_name(), &bytes)
                .map_err(|cause| io_error(&opened.path, cause))?;
        }
        Ok(opened)
    }

    /// A file that was just written.
    pub(super) fn new(folder: &Path, entry: FileEntry, index: Index, file: File) -> Self {
        Self {
            path: folder.join(entry.file_name()),
            source: Source {
                file: Arc::new(file),
                bytes: entry.bytes,
            },
            entry,
            index,
            metadata: Mutex::new(None),
        }
    }

    /// The file's metadata; the first call checks the whole file.
    pub(super) fn metadata(&self) -> Result<ArrowReaderMetadata, ReadError> {
        let mut known = self.metadata.lock();
        if let Some(metadata) = known.as_ref() {
            return Ok(metadata.clone());
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
        self.check_version(&metadata)?;
        Ok(known.insert(metadata).clone())
    }

    fn check_version(&self, metadata: &ArrowReaderMetadata) -> Result<(), ReadError> {
        let pairs = metadata.metadata().file_metadata().key_value_metadata();
        let version = pairs
            .into_iter()
            .flatten()
            .find(|pair| pair.key == FORMAT_KEY)
            .and_then(|pair| pair.value.as_deref()?.parse().ok());
        match version {
            Some(FORMAT_VERSION) if metadata.metadata().num_row_groups() == 1 => Ok(()),
            Some(found) if found > FORMAT_VERSION => Err(ReadError::Newer {
                path: self.path.clone(),
                found,
            }),
            _ => Err(damaged(
                &self.path,
                self.entry.number,
                "it names no format of ours",
            )),
        }
    }

    /// The file's CRC was right, so what its reader says is our own defect or
    /// the disk's.
    pub(super) fn unreadable(&self, cause: &ParquetError) -> ReadError {
        damaged(&self.path, self.entry.number, &cause.to_string())
    }

    fn read_index(&self) -> Result<Index, ReadError> {
        let mut builder = IndexBuilder::default();
        let mut rows = FileRows::all(self)?;
        while let Some(row) = rows.next()? {
            builder.push(&FileRow {
                series: row.datastream.get(),
                time: row.time.as_micros(),
                received: row.received.as_micros(),
                offset: row.offset.get(),
                value: match row.value {
                    Some(Value::Number(number)) => FileValue::Number(number),
                    _ => FileValue::Missing,
                },
                quality: row.quality,
                flags: row.flags.bits(),
                revision: row.revision,
                index: row.index,
                location: None,
            });
        }
        Ok(builder.finish())
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

/// The file's bytes by position.
#[derive(Clone)]
pub(super) struct Source {
    file: Arc<File>,
    bytes: u64,
}

impl Source {
    fn crc(&self) -> io::Result<u32> {
        let mut buffer = vec![0; CHECK_BYTES.min(self.bytes as usize)];
        let (mut crc, mut at) = (0, 0);
        while at < self.bytes {
            let len = buffer.len().min((self.bytes - at) as usize);
            self.file.read_exact_at(&mut buffer[..len], at)?;
            crc = crc32c::crc32c_append(crc, &buffer[..len]);
            at += len as u64;
        }
        Ok(crc)
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Source {
    type T = SourceReader;

    fn get_read(&self, start: u64) -> Result<SourceReader, ParquetError> {
        Ok(SourceReader {
            file: Arc::clone(&self.file),
            at: start,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(Bytes::from(bytes))
    }
}

/// Reads on from a position of its own.
pub(super) struct SourceReader {
    file: Arc<File>,
    at: u64,
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
