//! The replay windows and payload hashes on disk: what the sequencer must not
//! forget although the frames that taught it may be gone from the log.
//!
//! `DIR/log/sequencer`, replaced as a whole (write, fsync, rename, fsync the
//! folder) after each flush and before log space is given back. It holds only
//! what was durable before it was written: a number of a frame that was lost
//! in a crash must not be refused when it comes again. Little-endian:
//!
//! ```text
//! "MADANGSQ", u32 version (2), 16 bytes the data folder's id or zeros (none in
//! version 1), u64 last offset that it includes,
//! u32 windows: u8 length, device id, u64 epoch, u64 highest, 128 bytes of bits
//! u32 devices: u8 length, device id, u16 hashes, u64 each, oldest first
//! u32 CRC-32C of everything before
//! ```

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use data_files::{open_patiently, sync_folder};
use domain::{DeviceId, FolderId, FolderMark, Misfit, Offset};

use super::Sequencer;
use super::replay::ReplayWindow;

/// Its name in the log's folder.
pub(crate) const FILE: &str = "sequencer";
const MAGIC: &[u8; 8] = b"MADANGSQ";
const VERSION: u32 = 2;
/// The first, whose files tell no folder.
const WITHOUT_FOLDER: u32 = 1;

/// Why the sequencer's memory cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("{} is damaged: restore it from a backup, or see madang doctor --repair", path.display())]
    Damaged { path: PathBuf },
    #[error("{} does not fit: {misfit}; put this folder's own back", path.display())]
    Misfit { path: PathBuf, misfit: Misfit },
    #[error(
        "{} is missing or older than the log: it knows frames up to offset {known}, and the log \
         begins with {first}; restore it from a backup, or see madang doctor --repair",
        path.display()
    )]
    Older {
        path: PathBuf,
        known: Offset,
        first: Offset,
    },
    #[error("{} is of format {found}, and this version reads {VERSION}: use a newer madang", path.display())]
    Newer { path: PathBuf, found: u32 },
}

impl Sequencer {
    /// The file's content, including all frames up to `last`.
    pub(crate) fn memory(&self, last: Offset, folder: Option<FolderId>) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&FolderId::stamp(folder));
        out.extend_from_slice(&last.get().to_le_bytes());
        out.extend_from_slice(&(self.windows.len() as u32).to_le_bytes());
        for (device, window) in &self.windows {
            put_device(&mut out, device);
            window.write(&mut out);
        }
        out.extend_from_slice(&(self.payloads.devices() as u32).to_le_bytes());
        for (device, hashes) in self.payloads.all() {
            put_device(&mut out, device);
            out.extend_from_slice(&(hashes.len() as u16).to_le_bytes());
            hashes
                .iter()
                .for_each(|hash| out.extend_from_slice(&hash.to_le_bytes()));
        }
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// Takes over what [`Self::memory`] wrote, and tells the last offset that
    /// it includes.
    fn remember(&mut self, bytes: &[u8]) -> Option<Offset> {
        let mut input = bytes;
        let last = Offset::new(u64::from_le_bytes(take(&mut input)?));
        for _ in 0..u32::from_le_bytes(take(&mut input)?) {
            let device = take_device(&mut input)?;
            let window = ReplayWindow::read(&take(&mut input)?);
            self.windows.insert(device, window);
        }
        for _ in 0..u32::from_le_bytes(take(&mut input)?) {
            let device = take_device(&mut input)?;
            for _ in 0..u16::from_le_bytes(take(&mut input)?) {
                let hash = u64::from_le_bytes(take(&mut input)?);
                self.payloads.insert(&device, hash);
            }
        }
        input.is_empty().then_some(last)
    }
}

/// Replaces the file in `folder`; `memory` must be durable in the log.
pub(crate) fn write(folder: &Path, memory: &[u8]) -> Result<(), MemoryError> {
    let path = folder.join(FILE);
    let temporary = folder.join("sequencer.tmp");
    let replace = || -> io::Result<()> {
        let mut file = open_patiently(|| File::create(&temporary))?;
        file.write_all(memory)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        sync_folder(folder)
    };
    replace().map_err(|cause| MemoryError::Io {
        action: "write",
        path: path.clone(),
        cause,
    })
}

/// What a file tells of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Remembered {
    /// The last offset that it includes.
    pub(crate) known: Offset,
    /// The data folder that it was written in.
    pub(crate) folder: Option<FolderId>,
}

/// Feeds the file in `folder`, if there is one, to `sequencer`, and tells the
/// last offset that it includes. `first` is the first frame of the log: what
/// the file does not include has to be there.
pub(crate) fn read_for(
    folder: &Path,
    sequencer: &mut Sequencer,
    mark: FolderMark,
    first: Offset,
) -> Result<Offset, MemoryError> {
    let path = folder.join(FILE);
    let found = read(folder, sequencer)?;
    if let Some(found) = found {
        let misfit = mark.check(found.folder);
        misfit.map_err(|misfit| MemoryError::Misfit {
            path: path.clone(),
            misfit,
        })?;
    }
    let known = found.map_or(Offset::ZERO, |found| found.known);
    if known.next() < first {
        return Err(MemoryError::Older { path, known, first });
    }
    Ok(known)
}

/// Feeds the file in `folder`, if there is one, to `sequencer`.
pub(crate) fn read(
    folder: &Path,
    sequencer: &mut Sequencer,
) -> Result<Option<Remembered>, MemoryError> {
    let path = folder.join(FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => {
            return Err(MemoryError::Io {
                action: "read",
                path,
                cause,
            });
        }
    };
    let Some((content, crc)) = bytes.split_last_chunk::<4>() else {
        return Err(MemoryError::Damaged { path });
    };
    let mut body = content;
    let sound = crc32c::crc32c(content) == u32::from_le_bytes(*crc)
        && take::<8>(&mut body).is_some_and(|magic| magic == *MAGIC);
    let told = match take(&mut body).map(u32::from_le_bytes) {
        Some(VERSION) if sound => take(&mut body).map(FolderId::from_bytes),
        Some(WITHOUT_FOLDER) if sound => Some(None),
        Some(found) if sound => return Err(MemoryError::Newer { path, found }),
        _ => None,
    };
    told.and_then(|folder| {
        let known = sequencer.remember(body)?;
        Some(Some(Remembered { known, folder }))
    })
    .ok_or(MemoryError::Damaged { path })
}

fn put_device(out: &mut Vec<u8>, device: &DeviceId) {
    // An id has at most 64 bytes.
    out.push(device.as_str().len() as u8);
    out.extend_from_slice(device.as_str().as_bytes());
}

fn take_device(input: &mut &[u8]) -> Option<DeviceId> {
    let [len] = take(input)?;
    let (text, rest) = input.split_at_checked(usize::from(len))?;
    *input = rest;
    DeviceId::new(std::str::from_utf8(text).ok()?).ok()
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk::<N>()?;
    *input = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of version 1, as it was written when the format was made. It stays
    /// in git and must be readable for good.
    #[test]
    fn the_first_format_is_read() {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sequencer-v1");
        let device = DeviceId::new("dev-1").unwrap();
        let mut sequencer = Sequencer::default();
        let remembered = Remembered {
            known: Offset::new(12),
            folder: None,
        };
        assert_eq!(read(&fixture, &mut sequencer).unwrap(), Some(remembered));
        assert!(sequencer.replayed(&device, 3, 77));
        assert!(!sequencer.replayed(&device, 3, 78));
        assert!(sequencer.has_payload(&device, 0xfeed));
    }
}
