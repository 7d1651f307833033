//! The one log: what is accepted becomes durable here, in one order of
//! offsets for the whole platform. (`log` itself is the name of a well-known
//! crate; what this one keeps is frames.)
//!
//! Promise: a [`Receipt`] exists only after the fdatasync of the message's
//! group. After a failed write or sync the log is poisoned: nobody gets a
//! receipt any more, and the sync is never tried again.
//!
//! What messages mean, the log does not know. Whoever stages one keeps an order
//! of its own under the log's lock (`O`), by which it judges the message, and
//! fills the slot that the log gives.
//!
//! In reading order: `frame` (what a frame is, and its bytes), `staging` (what
//! waits), `slot` (the place of one frame), `receipt`, `policy`, `lead` and
//! `commit` (who leads), `medium` (where groups are kept), `feed` (to the
//! applier), `reader`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod commit;
mod fault;
mod feed;
mod frame;
mod lead;
mod medium;
mod open_error;
mod policy;
mod read_error;
mod reader;
mod receipt;
mod slot;
mod staging;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use domain::Offset;
use parking_lot::Mutex;
use supervisor::Scope;

pub use commit::waiters::CommitError;
pub use fault::Fault;
pub use medium::disk::{MAX_SEGMENT_BYTES, MIN_SEGMENT_BYTES};
pub use open_error::LogOpenError;
pub use policy::CommitPolicy;
pub use read_error::LogReadError;
pub use receipt::{Outcome, Receipt, Staged};

pub use feed::DurableGroup;
pub use frame::decode::Decoder;
pub use frame::encode::{ObservationRef, TelemetryHead, ValueRef};
pub use frame::format::FORMAT_VERSION as LOG_FORMAT;
pub use frame::{Frame, FrameDevice, FrameObservation, TelemetryFrame, Verdict, WrittenDevice};
pub use medium::disk::recovery::{FORMAT_FILE, begin_anew, check_format, look};
pub use medium::disk::scan::{SegmentFile, segment_paths};
pub use medium::disk::segment::{KeptSegments, Segment};
pub use medium::disk::{Disk, DiskConfig};
pub use reader::LogFrames;
pub use slot::FrameSlot;
pub use staging::StagingError;

use commit::shared::{PoisonedByPanic, Shared, Written};
use commit::waiters::Waiters;
use fault::Poison;
use feed::Feed;
use medium::{Durable, Medium};
use policy::Leading;
use receipt::LogInstance;
use staging::{Buffers, StagedGroups, Staging};

/// Between two syncs of a few messages each. A sync costs about 50 us of CPU
/// whatever it holds, so sensors that trickle in share one; a message that
/// comes alone finds the last sync long past and waits for nothing.
const GATHER: Duration = Duration::from_micros(1_500);
/// So long after a sync, what nobody waits for is left to those who wait: where
/// messages flow, one of them leads and takes it along.
const UNAWAITED: Duration = Duration::from_millis(10);
/// Messages that are worth a sync at once.
const CROWD: u64 = 64;

static INSTANCES: AtomicU32 = AtomicU32::new(1);

/// An open log, whose staged frames are judged by an `O`. Dropping it stops its
/// threads and syncs nothing.
pub struct Log<O, M: Medium = Disk> {
    shared: Arc<Shared<O, M>>,
    committer: Mutex<Option<JoinHandle<()>>>,
}

/// The log's own figures, since it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LogStats {
    /// Groups written: one fdatasync each.
    pub groups: u64,
    /// Bytes of frames written.
    pub bytes: u64,
}

impl<O: Send + 'static, M: Medium> Log<O, M> {
    /// Opens or makes the log on `medium`; `stored` is the last offset that
    /// the store holds. `order` is as it was given: what it has to know of the
    /// frames that there are, the caller feeds it.
    pub fn open(
        medium: &M::Config,
        policy: CommitPolicy,
        scope: &Scope,
        stored: Offset,
        order: O,
    ) -> Result<Self, LogOpenError> {
        let recovered = M::recover(medium, stored)?;
        let leading = Leading::decide(policy, || M::time_a_sync(medium))?;
        let buffers = Arc::new(Buffers::default());
        let shared = Arc::new(Shared {
            instance: LogInstance(INSTANCES.fetch_add(1, Ordering::Relaxed)),
            leading,
            staging: Mutex::new(Staging {
                order,
                groups: StagedGroups::new(recovered.durable.next()),
            }),
            full: AtomicBool::new(false),
            medium: Arc::new(recovered.medium),
            end: Mutex::new(Some(recovered.end)),
            last_staged: AtomicU64::new(recovered.durable.get()),
            durable: Arc::new(Durable::new(recovered.durable)),
            synced: AtomicU64::new(0),
            opened: Instant::now(),
            poison: Arc::new(Poison::new()),
            feed: Feed::new(Arc::clone(&buffers)),
            buffers,
            waiters: Waiters::default(),
            written: Written::default(),
            scope: scope.clone(),
        });
        // Also where whoever waits leads: some must not, and disks change.
        let committer = commit::start_committer(&shared).map_err(LogOpenError::Committer)?;
        Ok(Self {
            shared,
            committer: Mutex::new(Some(committer)),
        })
    }

    /// Resolves when all of `staged` are durable.
    pub fn commit(
        &self,
        staged: Vec<Staged>,
    ) -> impl Future<Output = Result<Vec<Receipt>, CommitError>> + Send + 'static + use<O, M> {
        commit::commit(Arc::clone(&self.shared), staged, commit::Leader::WhoWaits)
    }

    /// The same, without ever leading on the thread that waits: for a runtime
    /// that has others to serve.
    pub fn commit_elsewhere(
        &self,
        staged: Vec<Staged>,
    ) -> impl Future<Output = Result<Vec<Receipt>, CommitError>> + Send + 'static + use<O, M> {
        commit::commit(Arc::clone(&self.shared), staged, commit::Leader::Thread)
    }

    /// Resolves with the fault once there is one.
    pub fn failed(&self) -> impl Future<Output = Fault> + Send + 'static + use<O, M> {
        self.shared.poison.failed()
    }
}

impl<O, M: Medium> Log<O, M> {
    // --- write path

    /// Gives `work` the order of the log and the slot of the next frame, which
    /// it finishes or drops. Never waits for the disk. Nobody else stages
    /// meanwhile; what `order` learns of a frame that is dropped, it keeps.
    #[inline]
    pub fn stage<R, E: From<StagingError>>(
        &self,
        work: impl FnOnce(&mut O, FrameSlot<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let shared = &*self.shared;
        shared.poison.check().map_err(StagingError::Poisoned)?;
        let mut staging = shared.staging.lock();
        let Staging { order, groups } = &mut *staging;
        groups.check()?;
        // Goes before the lock does, so that nobody stages after half a frame.
        let whole = PoisonedByPanic(shared);
        let slot = FrameSlot::new(groups, &shared.buffers, shared.instance);
        let done = work(order, slot);
        let last = groups.last().get();
        shared.last_staged.store(last, Ordering::Release);
        let urgent = groups.take_urgent();
        if urgent {
            shared.full.store(groups.is_full(), Ordering::Relaxed);
        }
        drop(whole);
        drop(staging);
        if urgent {
            shared.waiters.nudge();
        }
        done
    }

    /// Whether messages come faster than the disk takes them: who can hold
    /// some back should, until this is false again.
    pub fn is_full(&self) -> bool {
        self.shared.full.load(Ordering::Relaxed)
    }

    /// No message gets an offset any more.
    pub fn refuse_new(&self) {
        self.shared.staging.lock().groups.close();
    }

    /// Makes durable what nobody waits for. Called by the applier on its tick;
    /// never waits for room in the feed, and leaves a log that is being
    /// written to alone.
    pub fn commit_staged(&self) {
        let shared = &self.shared;
        let nothing = shared.last_staged() <= shared.durable();
        if nothing || shared.rest_after_sync(UNAWAITED).is_some() || shared.poison.check().is_err()
        {
            return;
        }
        if !shared.sync_if_free() {
            shared.waiters.nudge();
        }
    }

    /// Makes durable everything that was staged before the call; never waits
    /// for room in the feed.
    pub fn sync_all(&self) -> Result<(), CommitError> {
        let staged = self.shared.last_staged();
        self.shared.sync_now(staged)
    }

    /// The order of the log together with the last offset that it has judged:
    /// for recovery and for what is derived from it.
    pub fn with_order<R>(&self, work: impl FnOnce(&mut O, Offset) -> R) -> R {
        let mut staging = self.shared.staging.lock();
        let Staging { order, groups } = &mut *staging;
        work(order, groups.last())
    }

    /// Nothing becomes durable while the answer lives, as on a disk that stands
    /// still.
    #[cfg(any(test, feature = "testing"))]
    pub fn hold(&self) -> impl Sized {
        self.shared.end.lock()
    }

    // --- positions and reading

    /// Of the oldest frame that the log still has.
    pub fn first_offset(&self) -> Offset {
        self.shared.medium.first_offset()
    }

    pub fn durable_offset(&self) -> Offset {
        self.shared.durable()
    }

    /// The frames from `from` on.
    pub fn frames(&self, from: Offset) -> LogFrames<M> {
        let shared = &self.shared;
        LogFrames::new(
            Arc::clone(&shared.medium),
            Arc::clone(&shared.durable),
            from,
        )
    }

    pub fn stats(&self) -> LogStats {
        let written = &self.shared.written;
        LogStats {
            groups: written.groups.load(Ordering::Relaxed),
            bytes: written.bytes.load(Ordering::Relaxed),
        }
    }

    /// Groups that were synced and not yet taken; sleeps up to `timeout` where
    /// there are none. For the applier alone.
    pub fn take_groups(&self, timeout: Duration) -> Vec<DurableGroup> {
        self.shared.feed.take(timeout)
    }

    /// Wakes the applier out of `take_groups`.
    pub fn nudge_applier(&self) {
        self.shared.feed.nudge();
    }

    /// The applier has ended: nobody waits for it any more.
    pub fn applier_ended(&self) {
        self.shared.feed.close();
    }

    /// What follows the log cannot go on: nothing more is acknowledged, as
    /// after a failed sync, and nobody waits for the applier. What was synced
    /// stays for it: it ends only when it has applied that.
    pub fn fail(&self, fault: Fault) {
        self.shared.poison.set(fault);
        self.shared.feed.unbind();
    }

    /// Gives back room that holds nothing later than `up_to`, while the rest
    /// still has `budget` bytes.
    pub fn release(&self, up_to: Offset, budget: u64) -> io::Result<()> {
        match self.shared.end.lock().as_mut() {
            Some(end) => self.shared.medium.release(end, up_to, budget),
            None => Ok(()),
        }
    }

    /// Ends writing for good, whoever still holds a handle, and stops the
    /// threads. What was not synced is lost; reading goes on, and the applier
    /// may still take what was synced.
    pub fn shut(&self) {
        self.shared.scope.close();
        self.refuse_new();
        self.shared.waiters.stop();
        self.shared.feed.unbind();
        let end = self.shared.end.lock().take();
        drop(end);
        if let Some(committer) = self.committer.lock().take() {
            // A panic there has been told by the panic hook.
            let _ = committer.join();
        }
    }
}

/// What only a log of files can tell: for backups, which copy them.
impl<O> Log<O> {
    /// Keeps the frames from `first` on as long as the answer lives; `None`
    /// where somebody keeps some already.
    pub fn keep(&self, first: Offset) -> Option<KeptSegments> {
        self.shared.medium.segments().keep(first)
    }

    /// The segments with frames from `first` on, oldest first.
    pub fn segments(&self, first: Offset) -> Vec<Arc<Segment>> {
        self.shared.medium.segments().from(first)
    }
}

impl<O, M: Medium> Drop for Log<O, M> {
    fn drop(&mut self) {
        self.shut();
    }
}
