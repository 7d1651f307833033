//! The thread that compacts, and drops what is kept long enough.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use data_files::be_less_urgent;
use parking_lot::{Condvar, Mutex};

use super::{CompactError, due_now};
use crate::store::Shared;

/// Between looks at the clock, where no flush has come.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// After a compaction that failed: a full disk does not empty itself, but
/// retention or somebody may.
const REST: Duration = Duration::from_secs(60);
/// Between looks at the retention.
const EXPIRE_EVERY: Duration = Duration::from_secs(3600);
/// The lowest priority that there is, of `nice`.
const NICE: i32 = 19;

/// What the compacting thread and others share.
#[derive(Default)]
pub(crate) struct Compactor {
    /// Held by who compacts.
    pub(super) work: Mutex<()>,
    /// Ends the compaction that runs, and all later ones.
    pub(super) stop: AtomicBool,
    /// There is a new file.
    woken: Mutex<bool>,
    changed: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Compactor {
    pub(crate) fn start(shared: &Arc<Shared>) -> io::Result<()> {
        let thread = shared.upkeep.scope.thread("compact", {
            let shared = Arc::clone(shared);
            move || {
                // Queries, ingest and flushes come first.
                be_less_urgent(NICE);
                shared.compactor.run(&shared);
            }
        })?;
        *shared.compactor.thread.lock() = Some(thread);
        Ok(())
    }

    /// A flush has written a file.
    pub(crate) fn wake(&self) {
        *self.woken.lock() = true;
        self.changed.notify_all();
    }

    /// Gives up the compaction that runs, and ends the thread.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake();
        if let Some(thread) = self.thread.lock().take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }

    fn run(&self, shared: &Shared) {
        let mut looked: Option<Instant> = None;
        while !self.stop.load(Ordering::Relaxed) {
            if looked.is_none_or(|at| at.elapsed() >= EXPIRE_EVERY) {
                looked = Some(Instant::now());
                expire(shared);
            }
            if compact(shared) {
                self.sleep_until_woken();
            } else {
                self.rest();
            }
        }
    }

    fn sleep_until_woken(&self) {
        let mut woken = self.woken.lock();
        if !*woken {
            self.changed.wait_for(&mut woken, LOOK_EVERY);
        }
        *woken = false;
    }

    /// New files do not end a rest.
    fn rest(&self) {
        let end = Instant::now() + REST;
        let mut woken = self.woken.lock();
        loop {
            let stops = self.stop.load(Ordering::Relaxed);
            if stops || self.changed.wait_until(&mut woken, end).timed_out() {
                return;
            }
        }
    }
}

/// Whether nothing is left to do.
fn compact(shared: &Shared) -> bool {
    let compact = || {
        shared.compact(|| due_now(shared))?;
        shared.renew_rollups()
    };
    match catch_unwind(AssertUnwindSafe(compact)) {
        Ok(Ok(()) | Err(CompactError::Closing)) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, cause = ?error, "files are not compacted for now");
            false
        }
        // Told by the panic hook.
        Err(_) => false,
    }
}

fn expire(shared: &Shared) {
    if let Err(error) = shared.expire((shared.upkeep.now)()) {
        tracing::error!(%error, cause = ?error, "retention waits");
    }
}
