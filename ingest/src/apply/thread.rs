//! The applier's thread: takes durable groups from the log, applies them, and
//! makes durable what nobody waits for.
//!
//! It naps between groups instead of being woken for each, so that the leaders
//! of the log need no system call for it; a query that waits ends the nap.
//! After a while without work it sleeps until a leader wakes it, but for a tick
//! that serves messages of QoS 0.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use domain::Offset;
use frame_log::{DurableGroup, Fault, Log};
use observation_store::Store;
use parking_lot::Mutex;
use supervisor::{Scope, Watched};

use super::{Applier, Batch, Progress};
use crate::sequence::Sequencer;

/// Between groups: what a stream may lag.
const NAP: Duration = Duration::from_millis(4);
/// Naps without work before the long sleep.
const NAPS_BEFORE_SLEEP: u32 = 8;
/// The long sleep, which a leader ends early: how long a message of QoS 0 may
/// wait to become durable.
const SLEEP: Duration = Duration::from_millis(20);
/// How often it tells that it is alive.
const BEAT: Duration = Duration::from_secs(1);

/// The running applier.
pub(crate) struct ApplierThread {
    log: Arc<Log<Sequencer>>,
    store: Store,
    progress: Progress,
    stop: Arc<AtomicBool>,
    thread: Thread,
    handle: Mutex<Option<JoinHandle<()>>>,
    scope: Scope,
}

impl ApplierThread {
    pub(crate) fn start(
        log: Arc<Log<Sequencer>>,
        mut applier: Applier,
        scope: &Scope,
    ) -> io::Result<Self> {
        applier.go_live();
        let (progress, store) = (applier.progress.clone(), applier.store.clone());
        let stop = Arc::new(AtomicBool::new(false));
        let handle = scope.thread_that_beats("apply", {
            let (log, stop, progress) = (Arc::clone(&log), Arc::clone(&stop), progress.clone());
            move |watched| {
                let run = || run(&log, &mut applier, &stop, watched);
                if catch_unwind(AssertUnwindSafe(run)).is_err() {
                    let cause = io::Error::other("the applier has panicked");
                    log.fail(Fault::new("apply", Path::new("the log"), cause));
                }
                log.applier_ended();
                progress.end();
            }
        })?;
        Ok(Self {
            log,
            store,
            progress,
            stop,
            thread: handle.thread().clone(),
            handle: Mutex::new(Some(handle)),
            scope: scope.clone(),
        })
    }

    /// Resolves when `target`, which is durable, is applied; at once where it is
    /// already. Ends the applier's nap.
    pub(crate) async fn applied(&self, target: Offset) {
        if self.progress.applied() < target {
            self.thread.unpark();
            self.progress.reached(target).await;
        }
    }

    /// Applies what is durable, then ends. Blocks; a second call does nothing.
    pub(crate) fn stop(&self) {
        self.scope.close();
        self.stop.store(true, Ordering::Release);
        self.store.hurry();
        self.thread.unpark();
        self.log.nudge_applier();
        if let Some(handle) = self.handle.lock().take() {
            // A panic was caught and told inside the thread.
            let _ = handle.join();
        }
    }
}

impl Drop for ApplierThread {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(log: &Log<Sequencer>, applier: &mut Applier, stop: &AtomicBool, watched: &Watched) {
    let mut naps = 0;
    let mut beaten = Instant::now();
    watched.beat();
    loop {
        if beaten.elapsed() >= BEAT {
            beaten = Instant::now();
            watched.beat();
        }
        let stopping = stop.load(Ordering::Acquire);
        let sleep = if naps >= NAPS_BEFORE_SLEEP && !stopping {
            SLEEP
        } else {
            Duration::ZERO
        };
        let groups = log.take_groups(sleep);
        naps = if groups.is_empty() { naps + 1 } else { 0 };
        apply_groups(groups, log, applier);
        log.commit_staged();
        if stopping && applier.applied >= log.durable_offset() {
            return;
        }
        if naps < NAPS_BEFORE_SLEEP && !stopping {
            thread::park_timeout(NAP);
        }
    }
}

fn apply_groups(groups: Vec<DurableGroup>, log: &Log<Sequencer>, applier: &mut Applier) {
    for group in groups {
        let mut batch = Batch::new();
        let mut frames = group.frames();
        while batch.refill(&mut frames) {
            applier.apply(batch.frames());
        }
        // Nothing is shown before the leader has said that it is durable.
        while log.durable_offset() < applier.applied {
            thread::yield_now();
        }
        applier.publish();
    }
}
