//! How far the log is applied, and who waits for it.

use std::sync::Arc;

use domain::Offset;
use tokio::sync::watch;

/// The offset of the last applied frame. Whoever sees it sees the frame's
/// observations in the store, in latest and in the ring.
#[derive(Clone)]
pub(crate) struct Progress {
    applied: Arc<watch::Sender<State>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    applied: Offset,
    /// Nothing more will be applied.
    ended: bool,
}

/// Wakes at each step of the applier.
pub(crate) struct Steps(watch::Receiver<State>);

impl Progress {
    pub(crate) fn new(applied: Offset) -> Self {
        let state = State {
            applied,
            ended: false,
        };
        Self {
            applied: Arc::new(watch::Sender::new(state)),
        }
    }

    pub(crate) fn applied(&self) -> Offset {
        self.applied.borrow().applied
    }

    pub(crate) fn set(&self, applied: Offset) {
        self.applied.send_modify(|state| state.applied = applied);
    }

    /// Lets go of everybody who waits.
    pub(crate) fn end(&self) {
        self.applied.send_modify(|state| state.ended = true);
    }

    /// Resolves when `target` is applied, or nothing more will be.
    pub(crate) async fn reached(&self, target: Offset) {
        let mut steps = self.applied.subscribe();
        // The sender lives in `self`, so the wait ends by the condition alone.
        let _ = steps
            .wait_for(|state| state.applied >= target || state.ended)
            .await;
    }

    pub(crate) fn steps(&self) -> Steps {
        Steps(self.applied.subscribe())
    }
}

impl Steps {
    /// What comes after this call wakes the next [`Self::next`].
    pub(crate) fn mark(&mut self) {
        self.0.borrow_and_update();
    }

    /// False once nothing more will come.
    pub(crate) async fn next(&mut self) -> bool {
        if self.0.borrow().ended {
            return false;
        }
        self.0.changed().await.is_ok()
    }
}
