//! From staged to durable: one sync serves all who wait.
//!
//! Leader and followers: the future yields once, so that the other ready
//! connections of its worker stage too, and rests a moment where a sync has
//! just been and few wait (`super::GATHER`); then whoever finds the writer free
//! leads, and writes and syncs for everybody on its own thread. Who waited for
//! the writer looks first whether the leader has served it already. Under
//! [`Policy::Thread`], and for who has others to serve, one thread leads and
//! wakes who waits; so it is for a follower whose leader takes long, and for
//! whatever else may take long (`super::lead`).

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use std::thread::JoinHandle;

use domain::Offset;
use parking_lot::{Condvar, Mutex};

use super::Shared;
use super::fault::Fault;
use super::medium::Medium;
use super::policy::Policy;
use super::receipt::{Receipt, Staged};

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

/// Who may lead for those who wait.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Leader {
    /// Whoever waits, where the disk is quick.
    WhoWaits,
    /// The log's own thread alone.
    Thread,
}

/// Resolves when all of `staged` are durable.
pub(super) async fn commit<O: Send, M: Medium>(
    shared: Arc<Shared<O, M>>,
    staged: Vec<Staged>,
    leader: Leader,
) -> Result<Vec<Receipt>, CommitError> {
    let Some(target) = staged.iter().map(Staged::offset).max() else {
        return Ok(Vec::new());
    };
    if staged.iter().any(|staged| staged.log() != shared.instance) {
        return Err(CommitError::Foreign);
    }
    shared.poison.check().map_err(CommitError::Poisoned)?;
    if shared.durable() < target {
        // Whoever is ready on this worker stages first.
        tokio::task::yield_now().await;
        let durable = match (leader, shared.leading.policy()) {
            (Leader::WhoWaits, Policy::Inline) => {
                if let Some(rest) = shared.gathering(target) {
                    // Shorter than a timer can be; the sockets fill meanwhile,
                    // and the second yield lets their connections stage.
                    std::thread::sleep(rest);
                    tokio::task::yield_now().await;
                }
                shared.sync_shortly(target)?
            }
            _ => false,
        };
        if !durable {
            poll_fn(|context| shared.waiters.wait(&shared, target, context.waker())).await?;
        }
    }
    // The one place that makes receipts: `target` is durable.
    Ok(staged.into_iter().map(Receipt::of_durable).collect())
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
    fn wait<O, M: Medium>(
        &self,
        shared: &Shared<O, M>,
        target: Offset,
        waker: &Waker,
    ) -> Poll<Result<(), CommitError>> {
        let mut state = self.state.lock();
        // Looked at under the lock that the committer takes before it wakes
        // those who wait: nobody is left asleep.
        if let Err(fault) = shared.poison.check() {
            return Poll::Ready(Err(CommitError::Poisoned(fault)));
        }
        if shared.durable() >= target {
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
    pub(super) fn nudge(&self) {
        let _state = self.state.lock();
        self.pending.store(true, Ordering::Release);
        self.asked.notify_one();
    }

    /// Wakes those whose messages are durable, or everybody after a fault.
    pub(super) fn serve<O, M: Medium>(&self, shared: &Shared<O, M>) {
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

/// Starts the log's own thread: it leads for those who may not, as long as the
/// disk takes.
pub(super) fn start_committer<O: Send + 'static, M: Medium>(
    shared: &Arc<Shared<O, M>>,
) -> std::io::Result<JoinHandle<()>> {
    let scope = shared.scope.clone();
    let shared = Arc::clone(shared);
    scope.thread("log-commit", move || {
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
