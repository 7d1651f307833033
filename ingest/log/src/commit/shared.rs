//! What the write path, the committer and the readers share.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use domain::Offset;
use parking_lot::Mutex;
use supervisor::Scope;

use super::waiters::Waiters;
use crate::fault::{Fault, Poison};
use crate::feed::Feed;
use crate::medium::{Durable, Medium};
use crate::policy::Leading;
use crate::receipt::LogInstance;
use crate::staging::{Buffers, Group, Staging};

pub(crate) struct Shared<O, M: Medium> {
    pub(crate) instance: LogInstance,
    pub(crate) leading: Leading,
    pub(crate) staging: Mutex<Staging<O>>,
    /// So much is staged that no more should come.
    pub(crate) full: AtomicBool,
    pub(crate) medium: Arc<M>,
    /// `None` once the log is shut.
    pub(crate) end: Mutex<Option<M::End>>,
    /// The last offset that was staged, and the last that was synced.
    pub(crate) last_staged: AtomicU64,
    pub(crate) durable: Arc<Durable>,
    /// When the last sync ended, in nanoseconds since `opened`.
    pub(crate) synced: AtomicU64,
    pub(crate) opened: Instant,
    pub(crate) poison: Arc<Poison>,
    pub(crate) feed: Feed,
    pub(crate) buffers: Arc<Buffers>,
    pub(crate) waiters: Waiters,
    pub(crate) written: Written,
    pub(crate) scope: Scope,
}

/// What was written since the log was opened.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) groups: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

impl Written {
    pub(crate) fn count(&self, group: &Group) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        let bytes = group.bytes.len() as u64;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl<O, M: Medium> Shared<O, M> {
    pub(crate) fn durable(&self) -> Offset {
        self.durable.get()
    }

    pub(crate) fn last_staged(&self) -> Offset {
        Offset::new(self.last_staged.load(Ordering::Acquire))
    }

    /// Wakes those whose messages are durable, or everybody after a fault.
    pub(crate) fn serve_waiters(&self) {
        self.waiters.serve(&self.poison, &self.durable);
    }
}

/// A panic while frames are written or groups are under way leaves a hole in
/// the log: without an end to it, a later group would seem to make durable what
/// was lost.
pub(crate) struct PoisonedByPanic<'a, O, M: Medium>(pub(crate) &'a Shared<O, M>);

impl<O, M: Medium> Drop for PoisonedByPanic<'_, O, M> {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let cause = io::Error::other("the writer has panicked");
            let fault = Fault::new("write", Path::new("the log"), cause);
            self.0.poison.set(fault);
            self.0.serve_waiters();
        }
    }
}
