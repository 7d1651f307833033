//! The one log: what is accepted becomes durable here, in one order of
//! offsets for the whole platform.
//!
//! Promise: a [`crate::Receipt`] exists only behind the fdatasync of the
//! message's group. After a failed write or sync the log is poisoned: nobody
//! gets a receipt any more, and the sync is never tried again.
//!
//! In reading order: `frame` (what a frame is), `encode` and `decode` (its
//! bytes), `segment` and `file` (a file of the log), `spare` (the next file),
//! `staging` (what waits), `writer`, `policy`, `lead` and `commit` (who leads),
//! `feed` (to the applier), `reader`, `recovery`, `bit_rot` (what it refuses to
//! cut), `scan` (segments as files).

mod bit_rot;
mod commit;
mod decode;
mod encode;
mod fault;
mod feed;
mod file;
mod frame;
mod lead;
mod policy;
mod reader;
mod recovery;
mod scan;
mod segment;
mod spare;
mod staging;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use domain::{FolderMark, Offset};
use parking_lot::{Mutex, MutexGuard};
use supervisor::Scope;

pub use commit::CommitError;
pub use fault::Fault;
pub use reader::LogReadError;
pub use recovery::LogOpenError;

pub(crate) use recovery::{FORMAT_FILE, begin_anew, check_format, look};

pub(crate) use decode::Decoder;
pub(crate) use encode::{FrameHead, ObservationRef, ValueRef};
pub(crate) use feed::DurableGroup;
pub(crate) use file::Faults;
pub(crate) use frame::{Frame, FrameObservation, Verdict};
pub(crate) use reader::LogFrames;
pub(crate) use scan::{SegmentFile, segment_paths};
pub(crate) use segment::{FORMAT_VERSION as LOG_FORMAT, KeptSegments, Segment, sync_folder};
pub(crate) use staging::Staging;

use crate::CommitPolicy;
use crate::receipt::{LogInstance, Receipt, Staged};
use crate::sequence::Sequencer;
use crate::stats::Counters;
use commit::Waiters;
use fault::Poison;
use feed::Feed;
use policy::Leading;
use segment::Segments;
use staging::{Buffers, Fill, StagedGroups};
use writer::Writer;

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

/// How a log is kept.
#[derive(Clone, Debug)]
pub(crate) struct LogConfig {
    pub(crate) segment_bytes: u64,
    pub(crate) policy: CommitPolicy,
    pub(crate) faults: Faults,
    /// Who watches the threads.
    pub(crate) scope: Scope,
    /// The data folder that it belongs to.
    pub(crate) mark: FolderMark,
    /// What is durable for certain: a log that ends before it is an older one.
    pub(crate) least: Offset,
}

/// An open log. Dropping it stops its threads and syncs nothing.
pub(crate) struct Log {
    shared: Arc<Shared>,
    committer: Mutex<Option<JoinHandle<()>>>,
}

/// What the write path, the committer and the readers share.
pub(crate) struct Shared {
    instance: LogInstance,
    leading: Leading,
    staging: Mutex<Staging>,
    /// So much is staged that no more should come.
    full: AtomicBool,
    /// `None` once the log is shut.
    writer: Mutex<Option<Writer>>,
    /// The last offset that was staged, and the last that was synced.
    last_staged: AtomicU64,
    durable: AtomicU64,
    /// When the last sync ended, in nanoseconds since `opened`.
    synced: AtomicU64,
    opened: Instant,
    poison: Arc<Poison>,
    feed: Feed,
    buffers: Arc<Buffers>,
    waiters: Waiters,
    segments: Arc<Segments>,
    counters: Arc<Counters>,
    scope: Scope,
}

impl Log {
    /// Opens or makes the log in `folder`; `stored` is the last offset that
    /// the store holds. The sequencer is empty until the caller has fed it.
    pub(crate) fn open(
        folder: &Path,
        config: &LogConfig,
        stored: Offset,
        counters: Arc<Counters>,
    ) -> Result<Self, LogOpenError> {
        let recovered = recovery::recover(folder, config, stored)?;
        let leading = Leading::decide(config.policy, folder)?;
        let buffers = Arc::new(Buffers::default());
        let shared = Arc::new(Shared {
            instance: LogInstance(INSTANCES.fetch_add(1, Ordering::Relaxed)),
            leading,
            staging: Mutex::new(Staging {
                sequencer: Sequencer::counting(Arc::clone(&counters)),
                groups: StagedGroups::new(recovered.durable.next()),
            }),
            full: AtomicBool::new(false),
            writer: Mutex::new(Some(recovered.writer)),
            last_staged: AtomicU64::new(recovered.durable.get()),
            durable: AtomicU64::new(recovered.durable.get()),
            synced: AtomicU64::new(0),
            opened: Instant::now(),
            poison: Arc::new(Poison::new()),
            feed: Feed::new(Arc::clone(&buffers)),
            buffers,
            waiters: Waiters::default(),
            segments: recovered.segments,
            counters,
            scope: config.scope.clone(),
        });
        // Also where whoever waits leads: some must not, and disks change.
        let committer = commit::start_committer(&shared).map_err(|cause| LogOpenError::Io {
            action: "start the commit thread of",
            path: folder.to_owned(),
            cause,
        })?;
        Ok(Self {
            shared,
            committer: Mutex::new(Some(committer)),
        })
    }

    // --- write path

    /// The order of the log, to put a frame into. Never waits for the disk.
    pub(crate) fn staging(&self) -> Result<StagingGuard<'_>, StagingError> {
        self.shared.poison.check().map_err(StagingError::Poisoned)?;
        let staging = self.shared.staging.lock();
        if staging.groups.is_closed() {
            return Err(StagingError::Closed);
        }
        if staging.groups.is_overfull() {
            return Err(StagingError::Full);
        }
        Ok(StagingGuard {
            shared: &self.shared,
            _whole: PoisonedByPanic(&self.shared),
            staging,
        })
    }

    /// Whether messages come faster than the disk takes them: who can hold
    /// some back should, until this is false again.
    pub(crate) fn is_full(&self) -> bool {
        self.shared.full.load(Ordering::Relaxed)
    }

    /// No message gets an offset any more.
    pub(crate) fn refuse_new(&self) {
        self.shared.staging.lock().groups.close();
    }

    /// Resolves when all of `staged` are durable.
    pub(crate) fn commit(
        &self,
        staged: Vec<Staged>,
    ) -> impl Future<Output = Result<Vec<Receipt>, CommitError>> + Send + 'static + use<> {
        commit::commit(Arc::clone(&self.shared), staged, commit::Leader::WhoWaits)
    }

    /// The same, without ever leading on the thread that waits: for a runtime
    /// that has others to serve.
    pub(crate) fn commit_elsewhere(
        &self,
        staged: Vec<Staged>,
    ) -> impl Future<Output = Result<Vec<Receipt>, CommitError>> + Send + 'static + use<> {
        commit::commit(Arc::clone(&self.shared), staged, commit::Leader::Thread)
    }

    /// Makes durable what nobody waits for. Called by the applier on its tick;
    /// never waits for room in the feed, and leaves a log that is being
    /// written to alone.
    pub(crate) fn commit_staged(&self) {
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
    pub(crate) fn sync_all(&self) -> Result<(), CommitError> {
        let staged = self.shared.last_staged();
        self.shared.sync_now(staged)
    }

    /// Resolves with the fault once there is one.
    pub(crate) fn failed(&self) -> impl Future<Output = Fault> + Send + 'static + use<> {
        self.shared.poison.failed()
    }

    /// The sequencer, for recovery, for the store's horizons and for flushes.
    pub(crate) fn with_sequencer<R>(&self, work: impl FnOnce(&mut Sequencer) -> R) -> R {
        work(&mut self.shared.staging.lock().sequencer)
    }

    /// The sequencer together with the last offset that it has judged.
    pub(crate) fn with_order<R>(&self, work: impl FnOnce(&Sequencer, Offset) -> R) -> R {
        let staging = self.shared.staging.lock();
        work(&staging.sequencer, self.shared.last_staged())
    }

    // --- positions and reading

    /// Of the oldest frame that the log still has.
    pub(crate) fn first_offset(&self) -> Offset {
        self.shared.segments.first_offset()
    }

    pub(crate) fn durable_offset(&self) -> Offset {
        self.shared.durable()
    }

    /// The frames from `from` on.
    pub(crate) fn frames(&self, from: Offset) -> LogFrames {
        LogFrames::new(Arc::clone(&self.shared), from)
    }

    /// Groups that were synced and not yet taken; sleeps up to `timeout` where
    /// there are none. For the applier alone.
    pub(crate) fn take_groups(&self, timeout: Duration) -> Vec<DurableGroup> {
        self.shared.feed.take(timeout)
    }

    /// Wakes the applier out of `take_groups`.
    pub(crate) fn nudge_applier(&self) {
        self.shared.feed.nudge();
    }

    /// The applier has ended: nobody waits for it any more.
    pub(crate) fn applier_ended(&self) {
        self.shared.feed.close();
    }

    /// What is behind the log cannot go on: nothing more is acknowledged, as
    /// after a failed sync, and nobody waits for the applier. What was synced
    /// stays for it: it ends only when it has applied that.
    pub(crate) fn fail(&self, fault: Fault) {
        self.shared.poison.set(fault);
        self.shared.feed.unbind();
    }

    /// Gives back segments that hold nothing later than `up_to`, while the
    /// rest still has `budget` bytes.
    pub(crate) fn release(&self, up_to: Offset, budget: u64) -> std::io::Result<()> {
        match self.shared.writer.lock().as_ref() {
            Some(writer) => writer.release(up_to, budget),
            None => Ok(()),
        }
    }

    /// Keeps the frames from `first` on as long as the answer lives; `None`
    /// where somebody keeps some already.
    pub(crate) fn keep(&self, first: Offset) -> Option<KeptSegments> {
        self.shared.segments.keep(first)
    }

    /// The segments with frames from `first` on, oldest first.
    pub(crate) fn segments(&self, first: Offset) -> Vec<Arc<Segment>> {
        self.shared.segments.from(first)
    }

    /// Ends writing for good, whoever still holds a handle, and stops the
    /// threads. What was not synced is lost; reading goes on, and the applier
    /// may still take what was synced.
    pub(crate) fn shut(&self) {
        self.shared.scope.close();
        self.refuse_new();
        self.shared.waiters.stop();
        self.shared.feed.unbind();
        let writer = self.shared.writer.lock().take();
        drop(writer);
        if let Some(committer) = self.committer.lock().take() {
            // A panic there has been told by the panic hook.
            let _ = committer.join();
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.shut();
    }
}

impl Shared {
    pub(crate) fn durable(&self) -> Offset {
        Offset::new(self.durable.load(Ordering::Acquire))
    }

    fn last_staged(&self) -> Offset {
        Offset::new(self.last_staged.load(Ordering::Acquire))
    }
}

/// Why no message gets an offset.
#[derive(Debug)]
pub(crate) enum StagingError {
    Poisoned(Fault),
    /// The platform is stopping.
    Closed,
    /// The disk is slower than the messages, and nobody held them back.
    Full,
}

/// The order of the log, locked.
pub(crate) struct StagingGuard<'a> {
    shared: &'a Shared,
    /// Goes before the lock does, so that nobody stages behind half a frame.
    _whole: PoisonedByPanic<'a>,
    pub(crate) staging: MutexGuard<'a, Staging>,
}

/// A panic while frames are written or groups are under way leaves a hole in
/// the log: without an end to it, a later group would seem to make durable what
/// was lost.
struct PoisonedByPanic<'a>(&'a Shared);

impl Drop for PoisonedByPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let cause = std::io::Error::other("the writer has panicked");
            let fault = Fault::new("write", Path::new("the log"), cause);
            self.0.poison.set(fault);
            self.0.waiters.serve(self.0);
        }
    }
}

impl StagingGuard<'_> {
    /// The frame of the next offset is complete: it is staged.
    pub(crate) fn finished(mut self, outcome: crate::Outcome) -> Staged {
        let shared = self.shared;
        let groups = &mut self.staging.groups;
        let offset = groups.next();
        let fill = groups.finished(&shared.buffers);
        if fill == Fill::Urgent {
            shared.full.store(groups.is_full(), Ordering::Relaxed);
        }
        shared.last_staged.store(offset.get(), Ordering::Release);
        drop(self);
        if fill == Fill::Urgent {
            shared.waiters.nudge();
        }
        Staged::new(offset, outcome, shared.instance)
    }
}
