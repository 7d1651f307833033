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
use domain::{DeviceId, FolderId, FolderMark, Misfit, Offset, RejectReason, Rejection};

use crate::tables::quarantine::{Quarantine, QuarantinedMessage};
use crate::tables::whole_file::{Input, Kind};

/// Its name in the store's folder.
pub(crate) const FILE: &str = "quarantine";
const VERSION: u32 = 2;
const KIND: Kind = Kind {
    name: FILE,
    magic: b"MADANGQU",
    version: VERSION,
};
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
    let mut out = KIND.begin(up_to, mark);
    for (device, message) in &messages {
        put(&mut out, device, message);
    }
    let written = KIND.replace(folder, out);
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
    KIND.replace(folder, KIND.begin(Offset::new(up_to), mark))
}

struct Content {
    /// Folder and offset, from version 2 on.
    told: Option<(Option<FolderId>, u64)>,
    messages: Vec<(DeviceId, QuarantinedMessage)>,
}

fn content(bytes: &[u8]) -> Option<Content> {
    let mut input = KIND.open(bytes)?;
    let told = match input.u32()? {
        VERSION => {
            let id = FolderId::from_bytes(input.array()?);
            Some((id, input.u64()?))
        }
        WITHOUT_FOLDER => None,
        _ => return None,
    };
    let mut messages = Vec::new();
    while !input.is_empty() {
        messages.push(message(&mut input)?);
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

fn message(input: &mut Input<'_>) -> Option<(DeviceId, QuarantinedMessage)> {
    let device = DeviceId::new(text(input)?).ok()?;
    let offset = Offset::new(input.u64()?);
    let received = input.time()?;
    let [error, count] = input.array()?;
    let unreadable = match error {
        0 => None,
        code => Some(PayloadError::from_number(code)?),
    };
    let mut rejections = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let index = input.u16()?;
        let [reason] = input.array()?;
        rejections.push(Rejection {
            index,
            reason: RejectReason::from_number(reason)?,
            field: text(input)?.into(),
        });
    }
    let len = input.u16()?;
    let original = Bytes::copy_from_slice(input.take(usize::from(len))?);
    let message = QuarantinedMessage {
        offset,
        received,
        rejections,
        unreadable,
        original,
    };
    Some((device, message))
}

fn text<'a>(input: &mut Input<'a>) -> Option<&'a str> {
    let [len] = input.array()?;
    input.text(usize::from(len))
}
