//! Frames by offset: for recovery, and for streams that are behind.
//!
//! Reads what is durable and nothing else, a piece of a segment at a time, so
//! that a reader costs one buffer however far behind it is, and slows nobody.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use domain::Offset;

use super::Shared;
use super::decode::{Checked, DecodeError, Decoder, check, claimed_bytes};
use super::encode::HEADER_BYTES;
use super::frame::{Frame, MAX_FRAME_BYTES};
use super::segment::{SEGMENT_HEADER_BYTES, Segment, SegmentHeader};
use crate::handles::open_patiently;

/// Bytes read at once; the longest frame fits.
const READ_BYTES: usize = 512 << 10;
const _: () = assert!(READ_BYTES >= MAX_FRAME_BYTES);

/// Why a frame cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum LogReadError {
    #[error("the log begins at offset {first}: what was before is gone")]
    Gone { first: Offset },
    #[error("cannot read the log segment {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error(
        "the log segment {} is damaged at byte {position}: offset {expected} should stand there",
        path.display()
    )]
    Corrupt {
        path: PathBuf,
        position: u64,
        expected: Offset,
    },
    #[error("the log segment {} has a frame that cannot be read: {what}", path.display())]
    Frame { path: PathBuf, what: String },
}

/// The frames of the log from an offset on. Ends at what is durable when
/// `next` is called; may be asked again later.
pub(crate) struct LogFrames {
    shared: Arc<Shared>,
    next: Offset,
    place: Option<Place>,
    decoder: Decoder,
}

/// Where in a segment a reader stands.
struct Place {
    segment: Arc<Segment>,
    file: File,
    /// Of the first byte that `buffer` has not given yet.
    position: u64,
    buffer: Vec<u8>,
    given: usize,
    /// What was durable before `buffer` was read: nothing later in it counts.
    trusted: Offset,
}

impl LogFrames {
    pub(super) fn new(shared: Arc<Shared>, from: Offset) -> Self {
        Self {
            shared,
            next: from,
            place: None,
            decoder: Decoder::default(),
        }
    }

    fn read_next(&mut self) -> Result<Option<Frame>, LogReadError> {
        while self.next <= self.shared.durable() {
            let place = match &mut self.place {
                Some(place) => place,
                none => {
                    let Some(segment) = self.shared.segments.holding(self.next) else {
                        let first = self.shared.segments.first_offset();
                        return Err(LogReadError::Gone { first });
                    };
                    match Place::open(segment, self.next)? {
                        Some(place) => none.insert(place),
                        // Recycled between the two: look again.
                        None => continue,
                    }
                }
            };
            let Some(checked) = place.peek(&self.shared, self.next)? else {
                self.leave_segment()?;
                continue;
            };
            let (offset, bytes) = (checked.offset, checked.bytes());
            let wanted = offset == self.next;
            let frame = wanted.then(|| self.decoder.decode(&checked));
            place.segment.mark(offset, place.position);
            place.advance(bytes);
            if let Some(frame) = frame {
                let frame = frame.map_err(|error| frame_error(&place.segment, &error))?;
                self.next = self.next.next();
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    /// No frame stands where the reader is: the segment ends there, or was
    /// recycled meanwhile, or is damaged.
    fn leave_segment(&mut self) -> Result<(), LogReadError> {
        let place = self.place.take().expect("the reader stood in a segment");
        if !self.shared.segments.has(&place.segment) {
            return Ok(());
        }
        let successor = self.shared.segments.holding(self.next);
        if successor.is_some_and(|next| !Arc::ptr_eq(&next, &place.segment)) {
            return Ok(());
        }
        Err(LogReadError::Corrupt {
            path: place.segment.path.clone(),
            position: place.position,
            expected: self.next,
        })
    }
}

fn frame_error(segment: &Segment, error: &DecodeError) -> LogReadError {
    LogReadError::Frame {
        path: segment.path.clone(),
        what: error.to_string(),
    }
}

impl Iterator for LogFrames {
    type Item = Result<Frame, LogReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read_next().transpose()
    }
}

impl Place {
    /// `None` where the file is no longer this segment.
    fn open(segment: Arc<Segment>, offset: Offset) -> Result<Option<Self>, LogReadError> {
        let io = |cause| LogReadError::Io {
            path: segment.path.clone(),
            cause,
        };
        let file = match open_patiently(|| File::open(&segment.path)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(error)),
        };
        let mut header = [0; SEGMENT_HEADER_BYTES as usize];
        file.read_exact_at(&mut header, 0).map_err(io)?;
        if SegmentHeader::from_bytes(&header) != Some(segment.header) {
            return Ok(None);
        }
        let (_, position) = segment.place_before(offset);
        Ok(Some(Self {
            segment,
            file,
            position,
            buffer: Vec::new(),
            given: 0,
            trusted: Offset::ZERO,
        }))
    }

    /// The frame at the position, unless none stands there that leads to
    /// `wanted`.
    fn peek(
        &mut self,
        shared: &Shared,
        wanted: Offset,
    ) -> Result<Option<Checked<'_>>, LogReadError> {
        let needed = claimed_bytes(&self.buffer[self.given..]).unwrap_or(HEADER_BYTES);
        if self.trusted < wanted || self.buffer.len() - self.given < needed {
            self.fill(shared)?;
        }
        let bytes = &self.buffer[self.given..];
        Ok(check(bytes, self.segment.header.epoch).filter(|checked| checked.offset <= wanted))
    }

    fn fill(&mut self, shared: &Shared) -> Result<(), LogReadError> {
        self.trusted = shared.durable();
        self.given = 0;
        let left = self.segment.bytes.saturating_sub(self.position);
        self.buffer
            .resize((READ_BYTES as u64).min(left) as usize, 0);
        self.file
            .read_exact_at(&mut self.buffer, self.position)
            .map_err(|cause| LogReadError::Io {
                path: self.segment.path.clone(),
                cause,
            })
    }

    fn advance(&mut self, bytes: usize) {
        self.given += bytes;
        self.position += bytes as u64;
    }
}
