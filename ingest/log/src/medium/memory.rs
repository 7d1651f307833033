//! A log in memory, for tests: it keeps what was appended as long as somebody
//! has its configuration, as a disk does.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::Offset;
use parking_lot::Mutex;

use super::{Durable, Medium, Recovered};
use crate::fault::Fault;
use crate::frame::Frame;
use crate::frame::decode::{Decoder, unchecked};
use crate::open_error::LogOpenError;
use crate::read_error::LogReadError;
use crate::staging::Group;

/// What stays when the log is closed. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// Oldest first.
    groups: VecDeque<KeptGroup>,
    /// The first frame, as long as there is no group.
    begins: Option<Offset>,
    next_fault: Option<NextFault>,
}

struct KeptGroup {
    first: Offset,
    last: Offset,
    bytes: Vec<u8>,
}

/// How the next group fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NextFault {
    /// Nothing of it is kept.
    Write,
    /// It is kept, but nobody may know.
    Sync,
}

impl Kept {
    fn first(&self) -> Offset {
        let first = self.groups.front().map(|group| group.first);
        first.or(self.begins).unwrap_or(Offset::ZERO)
    }
}

impl Memory {
    pub(crate) fn fail_next(&self, fault: NextFault) {
        self.0.lock().next_fault = Some(fault);
    }
}

impl Medium for Memory {
    type Config = Self;
    type End = ();
    type Place = ();

    fn recover(config: &Self, stored: Offset) -> Result<Recovered<Self>, LogOpenError> {
        let mut kept = config.0.lock();
        kept.begins = Some(stored.next());
        let last = kept.groups.back().map(|group| group.last);
        Ok(Recovered {
            medium: config.clone(),
            end: (),
            durable: last.unwrap_or(stored),
        })
    }

    fn time_a_sync(_: &Self) -> Result<Duration, LogOpenError> {
        Ok(Duration::ZERO)
    }

    fn has_room(&self, (): &(), _: usize) -> bool {
        true
    }

    fn append(&self, (): &mut (), group: &mut Group) -> Result<(), Fault> {
        let mut kept = self.0.lock();
        let fault = kept.next_fault.take();
        if fault != Some(NextFault::Write) {
            kept.groups.push_back(KeptGroup {
                first: group.first,
                last: group.last,
                bytes: group.bytes.clone(),
            });
        }
        match fault {
            None => Ok(()),
            Some(_) => {
                let cause = io::Error::other("an injected fault");
                Err(Fault::new("write", Path::new("memory"), cause))
            }
        }
    }

    fn read(
        &self,
        _: &mut Option<()>,
        wanted: Offset,
        _: &Durable,
        decoder: &mut Decoder,
    ) -> Result<Frame, LogReadError> {
        let kept = self.0.lock();
        let first = kept.first();
        let Some(group) = kept.groups.iter().find(|group| wanted <= group.last) else {
            return Err(LogReadError::Gone { first });
        };
        let mut rest = group.bytes.as_slice();
        while !rest.is_empty() {
            let frame = unchecked(rest);
            if frame.offset == wanted {
                let frame = decoder.decode(&frame);
                return frame.map_err(|error| LogReadError::Frame {
                    path: "memory".into(),
                    what: error.to_string(),
                });
            }
            rest = &rest[frame.bytes()..];
        }
        Err(LogReadError::Gone { first })
    }

    fn first_offset(&self) -> Offset {
        self.0.lock().first()
    }

    /// All but the last group, as a disk keeps its last segment.
    fn release(&self, (): &mut (), up_to: Offset, budget: u64) -> io::Result<()> {
        let mut kept = self.0.lock();
        let mut left: u64 = kept.groups.iter().map(|it| it.bytes.len() as u64).sum();
        while let [oldest, _, ..] = kept.groups.make_contiguous() {
            let bytes = oldest.bytes.len() as u64;
            if oldest.last > up_to || left - bytes < budget {
                break;
            }
            left -= bytes;
            kept.groups.pop_front();
        }
        Ok(())
    }
}
