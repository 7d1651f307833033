//! The quarantine on disk: so that a start shows what was refused before the
//! last flush too.
//!
//! `DIR/store/quarantine`, replaced as a whole before a manifest where it has
//! changed; it may be ahead of the manifest, since a message is kept once.
//! If it is missing, damaged, older than the manifest says or of another data
//! folder, the store is refused: the log has not all that it held.
//!
//! ```text
//! "MADANGQU", u32 version (2), 16 bytes the data folder's id or zeros, u64 offset
//! up to which it goes (neither in version 1), then by arrival:
//!     u8 length, device id, u64 offset, i64 received, u8 payload error or 0,
//!     u8 rejections: u16 index, u8 reason, u8 length, field
//!     u16 length, original bytes
//! u32 CRC-32C of everything before
//! ```

use std::path::Path;
use std::{fs, io};

use bytes::Bytes;
use domain::payload::PayloadError;
use domain::{DeviceId, FolderId, FolderMark, Misfit, Offset, RejectReason, Rejection, Timestamp};

use crate::file::replace::replace;
use crate::tables::quarantine::{Quarantine, QuarantinedMessage};

/// Its name in the store's folder.
pub(crate) const FILE: &str = "quarantine";
const MAGIC: &[u8; 8] = b"MADANGQU";
const VERSION: u32 = 2;
/// The first, whose files tell no folder.
const WITHOUT_FOLDER: u32 = 1;

/// Why the file does not serve.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    #[error("it is missing")]
    Missing,
    #[error("it is damaged")]
    Damaged,
    #[error("it is an older one: it goes up to offset {found}, and the store knows of {least}")]
    Older { found: u64, least: u64 },
    #[error(transparent)]
    Misfit(#[from] Misfit),
    #[error("it cannot be read: {0}")]
    Io(String),
}

/// Writes the quarantine, up to the offset `up_to`, where it has changed since
/// the last time; whether it has.
pub(crate) fn write(
    folder: &Path,
    quarantine: &Quarantine,
    up_to: Offset,
    mark: FolderMark,
) -> io::Result<bool> {
    let Some(messages) = quarantine.take_changed() else {
        return Ok(false);
    };
    let mut out = Vec::new();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&FolderId::stamp(mark.id()));
    out.extend_from_slice(&up_to.get().to_le_bytes());
    for (device, message) in &messages {
        put(&mut out, device, message);
    }
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    let written = replace(folder, FILE, &out);
    if written.is_err() {
        quarantine.mark_changed();
    }
    written.map(|()| true)
}

/// Fills `quarantine` with what the file holds.
pub(crate) fn read(folder: &Path, quarantine: &Quarantine) {
    let Ok(bytes) = fs::read(folder.join(FILE)) else {
        return;
    };
    match content(&bytes) {
        Some(content) => {
            for (device, message) in content.messages {
                quarantine.put(&device, message);
            }
        }
        None => tracing::warn!("the file of quarantined messages is damaged and left out"),
    }
}

/// Whether the file is the folder's own and goes up to `least` at least, what
/// the manifest says of it; 0: there need be none.
pub(crate) fn check(folder: &Path, mark: FolderMark, least: u64) -> Result<(), QuarantineError> {
    let bytes = match fs::read(folder.join(FILE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match least {
                0 => Ok(()),
                _ => Err(QuarantineError::Missing),
            };
        }
        Err(error) => return Err(QuarantineError::Io(error.to_string())),
    };
    let content = content(&bytes).ok_or(QuarantineError::Damaged)?;
    match content.told {
        // Of a version that told nothing, and not written again since.
        None if least == 0 => Ok(()),
        None => Err(Misfit::Unmarked.into()),
        Some((id, found)) => {
            mark.check(id)?;
            if found < least {
                return Err(QuarantineError::Older { found, least });
            }
            Ok(())
        }
    }
}

/// Up to which offset a sound file goes.
pub(crate) fn reaches(folder: &Path) -> Option<u64> {
    let bytes = fs::read(folder.join(FILE)).ok()?;
    content(&bytes)?.told.map(|(_, up_to)| up_to)
}

/// Makes an empty one, which goes up to `up_to`, in the place of none.
pub(crate) fn write_empty(folder: &Path, up_to: u64, mark: FolderMark) -> io::Result<()> {
    let mut out = Vec::new();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&FolderId::stamp(mark.id()));
    out.extend_from_slice(&up_to.to_le_bytes());
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    replace(folder, FILE, &out)
}

struct Content {
    /// Folder and offset, from version 2 on.
    told: Option<(Option<FolderId>, u64)>,
    messages: Vec<(DeviceId, QuarantinedMessage)>,
}

fn content(bytes: &[u8]) -> Option<Content> {
    let (content, crc) = bytes.split_last_chunk::<4>()?;
    if crc32c::crc32c(content) != u32::from_le_bytes(*crc) {
        return None;
    }
    let mut input = Input(content);
    if input.take(8)? != MAGIC {
        return None;
    }
    let told = match u32::from_le_bytes(input.array()?) {
        VERSION => {
            let id = FolderId::from_bytes(input.array()?);
            Some((id, u64::from_le_bytes(input.array()?)))
        }
        WITHOUT_FOLDER => None,
        _ => return None,
    };
    let mut messages = Vec::new();
    while !input.0.is_empty() {
        messages.push(input.message()?);
    }
    Some(Content { told, messages })
}

fn put(out: &mut Vec<u8>, device: &DeviceId, message: &QuarantinedMessage) {
    put_text(out, device.as_str());
    out.extend_from_slice(&message.offset.get().to_le_bytes());
    out.extend_from_slice(&message.received.as_micros().to_le_bytes());
    out.push(message.unreadable.map_or(0, PayloadError::number));
    // At most 64 are kept.
    out.push(message.rejections.len() as u8);
    for rejection in &message.rejections {
        out.extend_from_slice(&rejection.index.to_le_bytes());
        out.push(rejection.reason.number());
        put_text(out, &rejection.field);
    }
    // At most 256 bytes are kept.
    out.extend_from_slice(&(message.original.len() as u16).to_le_bytes());
    out.extend_from_slice(&message.original);
}

/// Ids and kept field names have at most 64 bytes; what is longer is cut.
fn put_text(out: &mut Vec<u8>, text: &str) {
    let end = (0..=text.len().min(255))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    let text = &text[..end.unwrap_or(0)];
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}

/// What is left of the file.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn text(&mut self) -> Option<&'a str> {
        let [len] = self.array()?;
        std::str::from_utf8(self.take(usize::from(len))?).ok()
    }

    fn message(&mut self) -> Option<(DeviceId, QuarantinedMessage)> {
        let device = DeviceId::new(self.text()?).ok()?;
        let offset = Offset::new(u64::from_le_bytes(self.array()?));
        let received = Timestamp::from_micros(i64::from_le_bytes(self.array()?));
        let [error, count] = self.array()?;
        let unreadable = match error {
            0 => None,
            code => Some(PayloadError::from_number(code)?),
        };
        let mut rejections = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let index = u16::from_le_bytes(self.array()?);
            let [reason] = self.array()?;
            rejections.push(Rejection {
                index,
                reason: RejectReason::from_number(reason)?,
                field: self.text()?.into(),
            });
        }
        let len = u16::from_le_bytes(self.array()?);
        let original = Bytes::copy_from_slice(self.take(usize::from(len))?);
        let message = QuarantinedMessage {
            offset,
            received,
            rejections,
            unreadable,
            original,
        };
        Some((device, message))
    }
}
