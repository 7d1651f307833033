//! Who waits for the committer thread, and what it waits for itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};

use domain::Offset;
use parking_lot::{Condvar, Mutex};

use crate::fault::{Fault, Poison};
use crate::medium::Durable;

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

impl Waiters {
    pub(super) fn wait(
        &self,
        poison: &Poison,
        durable: &Durable,
        target: Offset,
        waker: &Waker,
    ) -> Poll<Result<(), CommitError>> {
        let mut state = self.state.lock();
        // Looked at under the lock that the committer takes before it wakes
        // those who wait: nobody is left asleep.
        if let Err(fault) = poison.check() {
            return Poll::Ready(Err(CommitError::Poisoned(fault)));
        }
        if durable.get() >= target {
            return Poll::Ready(Ok(()));
        }
        if state.stop {
            return Poll::Ready(Err(CommitError::Closed));
        }
        state.waiting.push((target, waker.clone()));
        self.pending.store(true, Ordering::Release);
        self.asked.notify_one();
        Poll::Pending
    }

    /// Something was staged that nobody waits for.
    pub(crate) fn nudge(&self) {
        let _state = self.state.lock();
        self.pending.store(true, Ordering::Release);
        self.asked.notify_one();
    }

    /// Wakes those whose messages are durable, or everybody after a fault.
    pub(super) fn serve(&self, poison: &Poison, durable: &Durable) {
        let failed = poison.check().is_err();
        let durable = durable.get();
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

    pub(crate) fn stop(&self) {
        let mut state = self.state.lock();
        state.stop = true;
        self.asked.notify_one();
        for (_, waker) in state.waiting.drain(..) {
            waker.wake();
        }
    }

    /// Sleeps until the committer has work; false at the end.
    pub(super) fn await_work(&self) -> bool {
        let mut state = self.state.lock();
        loop {
            if state.stop {
                return false;
            }
            if self.pending.swap(false, Ordering::Acquire) {
                return true;
            }
            self.asked.wait(&mut state);
        }
    }
}
