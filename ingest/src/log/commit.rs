//! From staged to durable: one sync serves all who wait.
//!
//! Leader and followers: the future yields once, so that the other ready
//! connections of its worker stage too; then whoever finds the writer free
//! leads, and writes and syncs for everybody on its own thread. Who waited for
//! the writer looks first whether the leader has served it already. Under
//! [`super::Policy::Thread`] one thread leads always, and wakes who waits.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;

use domain::Offset;
use parking_lot::{Condvar, Mutex};

use super::fault::Fault;
use super::{Policy, Shared};
use crate::receipt::{Receipt, Staged};

/// Why nothing of a batch may be acknowledged.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    #[error("the log has failed")]
    Poisoned(#[source] Fault),
    #[error("the log is closed")]
    Closed,
    #[error("the message was staged by another log")]
    Foreign,
}

/// Resolves when all of its messages are durable.
pub(crate) struct Commit {
    shared: Arc<Shared>,
    staged: Vec<Staged>,
    /// The last of them.
    target: Offset,
    yielded: bool,
}

impl Commit {
    pub(super) fn new(shared: Arc<Shared>, staged: Vec<Staged>) -> Self {
        let target = staged.iter().map(Staged::offset).max();
        Self {
            shared,
            staged,
            target: target.unwrap_or(Offset::ZERO),
            yielded: false,
        }
    }

    fn finish(&mut self) -> Result<Vec<Receipt>, CommitError> {
        if self.staged.iter().any(|staged| staged.log() != self.shared.instance) {
            return Err(CommitError::Foreign);
        }
        // The one place that makes receipts: `target` is durable.
        let staged = std::mem::take(&mut self.staged);
        Ok(staged.into_iter().map(Receipt::of_durable).collect())
    }
}

impl Future for Commit {
    type Output = Result<Vec<Receipt>, CommitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Err(fault) = this.shared.poison.check() {
            return Poll::Ready(Err(CommitError::Poisoned(fault)));
        }
        if this.shared.durable() >= this.target {
            return Poll::Ready(this.finish());
        }
        if !this.yielded {
            this.yielded = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        match this.shared.policy {
            Policy::Inline => Poll::Ready(match this.shared.sync_to(this.target) {
                Ok(()) => this.finish(),
                Err(error) => Err(error),
            }),
            Policy::Thread => {
                let waits = this.shared.waiters.wait(&this.shared, this.target, context.waker());
                match waits {
                    Waits::Registered => Poll::Pending,
                    Waits::Served => Poll::Ready(this.finish()),
                    Waits::Failed(error) => Poll::Ready(Err(error)),
                }
            }
        }
    }
}

/// Who waits for the committer thread.
#[derive(Default)]
pub(crate) struct Waiters {
    state: Mutex<WaitersState>,
    asked: Condvar,
    /// The committer has work.
    pending: AtomicBool,
}

#[derive(Default)]
struct WaitersState {
    waiting: Vec<(Offset, Waker)>,
    stop: bool,
}

enum Waits {
    Registered,
    Served,
    Failed(CommitError),
}

impl Waiters {
    fn wait(&self, shared: &Shared, target: Offset, waker: &Waker) -> Waits {
        let mut state = self.state.lock();
        // Looked at under the lock that the committer takes before it wakes:
        // nobody is left behind.
        if let Err(fault) = shared.poison.check() {
            return Waits::Failed(CommitError::Poisoned(fault));
        }
        if shared.durable() >= target {
            return Waits::Served;
        }
        if state.stop {
            return Waits::Failed(CommitError::Closed);
        }
        state.waiting.push((target, waker.clone()));
        self.pending.store(true, Ordering::Release);
        self.asked.notify_one();
        Waits::Registered
    }

    /// Something was staged that nobody waits for.
    pub(super) fn nudge(&self) {
        let _state = self.state.lock();
        self.pending.store(true, Ordering::Release);
        self.asked.notify_one();
    }

    /// Wakes those whose messages are durable, or everybody after a fault.
    fn serve(&self, shared: &Shared) {
        let failed = shared.poison.check().is_err();
        let durable = shared.durable();
        let mut ready = Vec::new();
        self.state.lock().waiting.retain_mut(|(target, waker)| {
            let serve = failed || *target <= durable;
            if serve {
                ready.push(waker.clone());
            }
            !serve
        });
        ready.into_iter().for_each(Waker::wake);
    }

    pub(super) fn stop(&self) {
        let mut state = self.state.lock();
        state.stop = true;
        self.asked.notify_one();
        for (_, waker) in state.waiting.drain(..) {
            waker.wake();
        }
    }
}

/// Starts the thread that leads always.
pub(super) fn start_committer(shared: &Arc<Shared>) -> std::io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    std::thread::Builder::new()
        .name("log-commit".into())
        .spawn(move || {
            while committer_awaits(&shared.waiters) {
                // A fault is told to each of those who wait.
                let _ = shared.sync_to(shared.last_staged());
                shared.waiters.serve(&shared);
            }
        })
}

/// Sleeps until there is work; false at the end.
fn committer_awaits(waiters: &Waiters) -> bool {
    let mut state = waiters.state.lock();
    loop {
        if state.stop {
            return false;
        }
        if waiters.pending.swap(false, Ordering::Acquire) {
            return true;
        }
        waiters.asked.wait(&mut state);
    }
}
