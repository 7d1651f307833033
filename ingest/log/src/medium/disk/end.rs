//! Where the frames of the last segment end, and what stands there.

use std::io;

use domain::Offset;

use super::bit_rot::is_one_bit_off;
use super::file::LogFile;
use super::segment::{SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::frame::decode::check;
use crate::frame::format::{ALIGNMENT, HEADER_BYTES, u32_at};
use crate::staging::GROUP_BYTES;

static ZEROS: [u8; 4096] = [0; 4096];

/// Where the sound frames of the last segment end.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) position: u64,
    pub(crate) durable: Offset,
    /// The bytes of the last group, which end at `position`.
    last_group: Vec<u8>,
    /// Bytes of a torn group after it, if any.
    pub(crate) torn: u64,
}

/// A bad frame that is no torn write.
#[derive(Debug)]
pub struct Damage {
    pub position: u64,
    pub expected: Offset,
    pub evidence: &'static str,
}

impl End {
    pub(super) fn of_nothing(stored: Offset) -> Self {
        Self {
            position: SEGMENT_HEADER_BYTES,
            durable: stored,
            last_group: Vec::new(),
            torn: 0,
        }
    }

    /// Where the frames of a segment that holds `bytes` end; `mark` is told
    /// where each stands.
    pub(crate) fn find(
        bytes: &[u8],
        header: SegmentHeader,
        mut mark: impl FnMut(Offset, u64),
    ) -> Result<Self, Damage> {
        let epoch = header.epoch;
        let mut position = SEGMENT_HEADER_BYTES as usize;
        let mut group = position;
        let mut next = header.first;
        while let Some(frame) =
            check(&bytes[position..], epoch).filter(|frame| frame.offset == next)
        {
            mark(next, position as u64);
            if frame.first_of_group {
                group = position;
            }
            position = (position + frame.bytes()).min(bytes.len());
            next = next.next();
        }
        let damage = |evidence| Damage {
            position: position as u64,
            expected: next,
            evidence,
        };
        let rest = &bytes[position..];
        let torn = torn_bytes(rest, epoch, next).map_err(|()| damage("sound frames follow"))?;
        if is_one_bit_off(rest, epoch, next) {
            return Err(damage("one bit of the frame is wrong"));
        }
        Ok(Self {
            position: position as u64,
            durable: Offset::new(next.get() - 1),
            last_group: bytes[group..position].to_vec(),
            torn: torn as u64,
        })
    }

    /// Writes the last group again, and zeros over what tore: its later frames
    /// must not follow a new one some day. The caller syncs.
    pub(super) fn take_over(&self, file: &LogFile) -> io::Result<()> {
        if !self.last_group.is_empty() {
            let begin = self.position - self.last_group.len() as u64;
            file.write_at(&self.last_group, begin)?;
        }
        if self.torn == 0 {
            return Ok(());
        }
        tracing::warn!(
            bytes = self.torn,
            after = self.durable.get(),
            "cut a write that was never acknowledged off the end of the log"
        );
        file.write_at(&vec![0; self.torn as usize], self.position)
    }
}

/// Bytes of whole pages of zeros that `bytes` begin with: most of what follows
/// the frames has never been written.
fn zeros(bytes: &[u8]) -> usize {
    let pages = bytes.chunks_exact(ZEROS.len());
    pages.take_while(|page| *page == ZEROS).count() * ZEROS.len()
}

/// Bytes up to the end of the last sound frame of this epoch in `rest`, or of
/// what claims to be the frame `next`; an error where a later group begins.
fn torn_bytes(rest: &[u8], epoch: u32, next: Offset) -> Result<usize, ()> {
    let mut torn = 0;
    let mut at = 0;
    while at + HEADER_BYTES <= rest.len() {
        match check(&rest[at..], epoch) {
            Some(frame) if frame.offset > next && frame.first_of_group => return Err(()),
            Some(frame) if frame.offset >= next => {
                at += frame.bytes();
                torn = at;
            }
            _ => at += ALIGNMENT.max(zeros(&rest[at..])),
        }
    }
    // The torn frames themselves: whatever of this epoch's write is not zero
    // lies within one group.
    let group = rest.len().min(GROUP_BYTES);
    let dirty = rest[..group].iter().rposition(|byte| *byte != 0);
    let own = rest.len() >= HEADER_BYTES && u32_at(rest, 8) == epoch;
    Ok(torn.max(if own {
        dirty.map_or(0, |last| last + 1)
    } else {
        0
    }))
}
