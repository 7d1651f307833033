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

pub(crate) mod shared;
pub(crate) mod waiters;

use std::future::poll_fn;
use std::sync::Arc;
use std::thread::JoinHandle;

use self::shared::Shared;
use self::waiters::CommitError;
use super::medium::Medium;
use super::policy::Policy;
use super::receipt::{Receipt, Staged};

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
            let Shared {
                waiters,
                poison,
                durable,
                ..
            } = &*shared;
            poll_fn(|context| waiters.wait(poison, durable, target, context.waker())).await?;
        }
    }
    // The one place that makes receipts: `target` is durable.
    Ok(staged.into_iter().map(Receipt::of_durable).collect())
}

/// Starts the log's own thread: it leads for those who may not, as long as the
/// disk takes.
pub(super) fn start_committer<O: Send + 'static, M: Medium>(
    shared: &Arc<Shared<O, M>>,
) -> std::io::Result<JoinHandle<()>> {
    let scope = shared.scope.clone();
    let shared = Arc::clone(shared);
    scope.thread("log-commit", move || {
        while shared.waiters.await_work() {
            // A fault is told to each of those who wait.
            let _ = shared.sync_to(shared.last_staged());
            shared.serve_waiters();
        }
    })
}
