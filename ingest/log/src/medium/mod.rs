//! Where the groups of a log are kept: what lies below the commit.
//!
//! The log decides offsets, verdicts, who leads and what a receipt means; a
//! medium keeps bytes. It makes a group durable or fails for good, gives frames
//! back by offset, and gives room back. [`disk`] is the first; the tests keep
//! one in memory.

pub(crate) mod disk;
#[cfg(test)]
pub(crate) mod memory;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::Offset;

use super::fault::Fault;
use super::frame::Frame;
use super::frame::decode::Decoder;
use super::open_error::LogOpenError;
use super::read_error::LogReadError;
use super::staging::Group;

/// What keeps groups. Shared between who appends, who alone has the `End`, and
/// any number of readers.
pub trait Medium: Sized + Send + Sync + 'static {
    /// What it is opened with.
    type Config;
    /// Where groups are appended: who holds it leads.
    type End: Send;
    /// Where a reader stands, so that the next frame is found at once.
    type Place: Send;

    /// Opens what was left, in whatever way, or makes it. All that it says to
    /// hold is durable. `stored` is the last offset that the store holds: what
    /// is made begins after it.
    fn recover(config: &Self::Config, stored: Offset) -> Result<Recovered<Self>, LogOpenError>;

    /// How long it takes to make a little durable, when nothing else is written.
    fn time_a_sync(config: &Self::Config) -> Result<Duration, LogOpenError>;

    /// Whether a group of so many bytes takes one write and one sync, and
    /// nothing that may take longer.
    fn has_room(&self, end: &Self::End, bytes: usize) -> bool;

    /// Makes a group durable. After an error nothing more may be appended: what
    /// the medium holds is unknown.
    fn append(&self, end: &mut Self::End, group: &mut Group) -> Result<(), Fault>;

    /// The frame of offset `wanted`, which is durable. `place` is where the
    /// last call left the reader; `None` at first.
    fn read(
        &self,
        place: &mut Option<Self::Place>,
        wanted: Offset,
        durable: &Durable,
        decoder: &mut Decoder,
    ) -> Result<Frame, LogReadError>;

    /// Of the oldest frame that there still is.
    fn first_offset(&self) -> Offset;

    /// Gives room back that holds nothing later than `up_to`, while the rest
    /// still has `budget` bytes.
    fn release(&self, end: &mut Self::End, up_to: Offset, budget: u64) -> io::Result<()>;
}

/// What recovery found, ready to be appended to.
pub struct Recovered<M: Medium> {
    pub(crate) medium: M,
    pub(crate) end: M::End,
    /// The last offset that it holds.
    pub(crate) durable: Offset,
}

/// The last offset that is durable: the leader moves it, after the sync.
#[derive(Debug)]
pub struct Durable(AtomicU64);

impl Durable {
    pub(crate) fn new(offset: Offset) -> Self {
        Self(AtomicU64::new(offset.get()))
    }

    #[inline]
    pub(crate) fn get(&self) -> Offset {
        Offset::new(self.0.load(Ordering::Acquire))
    }

    #[inline]
    pub(super) fn set(&self, offset: Offset) {
        self.0.store(offset.get(), Ordering::Release);
    }
}
