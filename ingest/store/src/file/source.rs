//! The bytes of a file by position, without keeping every file open.
//!
//! Constraints: a store has thousands of files after some years, and a process
//! may have a thousand open by default, most of them for connections. So a file
//! is opened when it is read, and of those that nobody reads
//! [`MAX_OPEN_FILES`] stay open. Whoever reads holds a clone, which keeps the
//! file open to the end of the reading. Reads give their own position each,
//! since many queries share the file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use data_files::open_patiently;

/// Files that stay open in this process though nobody reads them.
const MAX_OPEN_FILES: usize = 256;
/// Bytes read at once for the CRC.
const CHECK_BYTES: usize = 1 << 20;

/// Oldest first.
static OPEN: Mutex<VecDeque<Weak<Shared>>> = Mutex::new(VecDeque::new());

pub(crate) struct Source {
    shared: Arc<Shared>,
    /// Of a clone: what it reads.
    held: Option<Arc<File>>,
}

struct Shared {
    path: Box<Path>,
    bytes: u64,
    open: Mutex<Option<Arc<File>>>,
}

impl Source {
    pub(crate) fn new(path: &Path, bytes: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                path: path.into(),
                bytes,
                open: Mutex::new(None),
            }),
            held: None,
        }
    }

    /// Opens the file, so that clones made next need not.
    pub(crate) fn open(&self) -> io::Result<()> {
        self.file().map(drop)
    }

    pub(crate) fn crc(&self) -> io::Result<u32> {
        let file = self.file()?;
        let bytes = self.shared.bytes;
        let mut buffer = vec![0; CHECK_BYTES.min(bytes as usize)];
        let (mut crc, mut at) = (0, 0);
        while at < bytes {
            let len = buffer.len().min((bytes - at) as usize);
            file.read_exact_at(&mut buffer[..len], at)?;
            crc = crc32c::crc32c_append(crc, &buffer[..len]);
            at += len as u64;
        }
        Ok(crc)
    }

    fn file(&self) -> io::Result<Arc<File>> {
        if let Some(held) = &self.held {
            return Ok(Arc::clone(held));
        }
        let mut open = self.shared.open.lock();
        if let Some(file) = open.as_ref() {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(open_patiently(|| File::open(&self.shared.path))?);
        *open = Some(Arc::clone(&file));
        drop(open);
        close_oldest(&self.shared);
        Ok(file)
    }
}

/// Notes that `newest` was opened; closes the one that was opened first where
/// there are too many.
fn close_oldest(newest: &Arc<Shared>) {
    let mut all = OPEN.lock();
    all.push_back(Arc::downgrade(newest));
    let oldest = if all.len() > MAX_OPEN_FILES {
        all.pop_front()
    } else {
        None
    };
    drop(all);
    if let Some(oldest) = oldest.and_then(|oldest| oldest.upgrade()) {
        *oldest.open.lock() = None;
    }
}

impl Clone for Source {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            held: self
                .held
                .clone()
                .or_else(|| self.shared.open.lock().clone()),
        }
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.shared.bytes
    }
}

impl ChunkReader for Source {
    type T = SourceReader;

    fn get_read(&self, start: u64) -> Result<SourceReader, ParquetError> {
        Ok(SourceReader {
            file: self.file()?,
            at: start,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut bytes = vec![0; length];
        self.file()?.read_exact_at(&mut bytes, start)?;
        Ok(Bytes::from(bytes))
    }
}

/// Reads on from a position of its own.
pub(crate) struct SourceReader {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_files_than_stay_open_can_be_read_while_one_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let sources: Vec<_> = (0..=MAX_OPEN_FILES)
            .map(|number| {
                let path = folder.path().join(number.to_string());
                std::fs::write(&path, number.to_string()).unwrap();
                let bytes = path.metadata().unwrap().len();
                Source::new(&path, bytes)
            })
            .collect();
        sources[0].open().unwrap();
        let held = sources[0].clone();
        for (number, source) in sources.iter().enumerate() {
            let crc = crc32c::crc32c(number.to_string().as_bytes());
            assert_eq!(source.crc().unwrap(), crc);
        }
        assert!(sources[0].shared.open.lock().is_none());
        std::fs::remove_file(folder.path().join("0")).unwrap();
        assert_eq!(held.get_bytes(0, 1).unwrap(), "0");
        assert!(sources[0].crc().is_err());
    }
}
