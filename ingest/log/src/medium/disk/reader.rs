//! Frames from segments.
//!
//! Reads what is durable and nothing else, a piece of a segment at a time, so
//! that a reader costs one buffer however far it lags, and slows nobody.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use data_files::open_patiently;
use domain::Offset;

use super::segment::{SEGMENT_HEADER_BYTES, Segment, SegmentHeader, Segments};
use crate::frame::decode::{Checked, DecodeError, Decoder, check, claimed_bytes};
use crate::frame::format::HEADER_BYTES;
use crate::frame::{Frame, MAX_FRAME_BYTES};
use crate::medium::Durable;
use crate::read_error::LogReadError;

/// Bytes read at once; the longest frame fits.
const READ_BYTES: usize = 512 << 10;
const _: () = assert!(READ_BYTES >= MAX_FRAME_BYTES);

/// Where in a segment a reader stands.
pub struct Place {
    segment: Arc<Segment>,
    file: File,
    /// Of the first byte that `buffer` has not given yet.
    position: u64,
    buffer: Vec<u8>,
    given: usize,
    /// What was durable before `buffer` was read: nothing later in it counts.
    trusted: Offset,
}

/// The frame of offset `wanted`, which is durable.
pub(super) fn read(
    segments: &Segments,
    standing: &mut Option<Place>,
    wanted: Offset,
    durable: &Durable,
    decoder: &mut Decoder,
) -> Result<Frame, LogReadError> {
    loop {
        let place = match &mut *standing {
            Some(place) => place,
            none => {
                let Some(segment) = segments.holding(wanted) else {
                    let first = segments.first_offset();
                    return Err(LogReadError::Gone { first });
                };
                match Place::open(segment, wanted)? {
                    Some(place) => none.insert(place),
                    // Recycled between the two: look again.
                    None => continue,
                }
            }
        };
        let Some(checked) = place.peek(durable, wanted)? else {
            leave_segment(segments, standing.take(), wanted)?;
            continue;
        };
        let (offset, bytes) = (checked.offset, checked.bytes());
        let frame = (offset == wanted).then(|| decoder.decode(&checked));
        place.segment.mark(offset, place.position);
        place.advance(bytes);
        if let Some(frame) = frame {
            return frame.map_err(|error| frame_error(&place.segment, &error));
        }
    }
}

/// No frame stands where the reader is: the segment ends there, or was
/// recycled meanwhile, or is damaged.
fn leave_segment(
    segments: &Segments,
    place: Option<Place>,
    wanted: Offset,
) -> Result<(), LogReadError> {
    let Some(place) = place.filter(|place| segments.has(&place.segment)) else {
        return Ok(());
    };
    let successor = segments.holding(wanted);
    if successor.is_some_and(|next| !Arc::ptr_eq(&next, &place.segment)) {
        return Ok(());
    }
    Err(LogReadError::Corrupt {
        path: place.segment.path.clone(),
        position: place.position,
        expected: wanted,
    })
}

fn frame_error(segment: &Segment, error: &DecodeError) -> LogReadError {
    LogReadError::Frame {
        path: segment.path.clone(),
        what: error.to_string(),
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
        durable: &Durable,
        wanted: Offset,
    ) -> Result<Option<Checked<'_>>, LogReadError> {
        let needed = claimed_bytes(&self.buffer[self.given..]).unwrap_or(HEADER_BYTES);
        if self.trusted < wanted || self.buffer.len() - self.given < needed {
            self.fill(durable)?;
        }
        let bytes = &self.buffer[self.given..];
        Ok(check(bytes, self.segment.header.epoch).filter(|checked| checked.offset <= wanted))
    }

    fn fill(&mut self, durable: &Durable) -> Result<(), LogReadError> {
        self.trusted = durable.get();
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
