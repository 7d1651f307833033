//! What waits for the thread that saves, and who waits for it.
//!
//! Constraints: changes leave in the order in which they came; at most
//! [`WAITING_CHANGES`] wait. Past that, and after a fault or the end, nothing
//! is taken: who asked learns it at once, so that no acknowledgement leaves.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Condvar, Mutex};
use rusqlite::ErrorCode;
use tokio::sync::{oneshot, watch};
use transport::SessionChange;

use crate::pages::CopiedSessions;

/// Changes that may wait to be saved: more than one for each connection that
/// the broker takes, so that all may be lost at once. About 40 MB.
const WAITING_CHANGES: usize = 262_144;
/// Changes of one transaction. What it holds back is a few tens of
/// milliseconds for whoever comes next.
const BATCH_CHANGES: usize = 4_096;

/// Why the sessions can no longer be saved. Its text is one line for the
/// operator.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "cannot save sessions in {}: no subscription is acknowledged any more; {}",
    path.display(),
    cure(cause)
)]
pub struct SessionsFault {
    path: Arc<Path>,
    #[source]
    cause: Arc<rusqlite::Error>,
}

fn cure(cause: &rusqlite::Error) -> &'static str {
    match cause.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full: free some space and start again",
        Some(ErrorCode::ReadOnly) => {
            "the file system is read-only: mount it for writing and start again"
        }
        Some(ErrorCode::DatabaseCorrupt) => "look at the folder with madang doctor",
        _ => "check the disk, then start again",
    }
}

/// Why changes were not saved.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum SaveError {
    #[error(transparent)]
    Failed(SessionsFault),
    #[error("the platform is stopping")]
    Closed,
    #[error("{WAITING_CHANGES} changes of sessions wait for the disk already")]
    TooManyWait,
}

type Saved = oneshot::Receiver<Result<(), SaveError>>;

/// Changes of one call, and who waits for them.
pub(crate) struct Waiting {
    pub(crate) changes: Vec<SessionChange>,
    pub(crate) saved: oneshot::Sender<Result<(), SaveError>>,
}

/// A copy of the file to be made between two batches.
pub(crate) struct Copy {
    pub(crate) made: std::sync::mpsc::SyncSender<rusqlite::Result<CopiedSessions>>,
}

pub(crate) struct Queue {
    path: Arc<Path>,
    state: Mutex<State>,
    work: Condvar,
    ending: watch::Sender<Ending>,
    /// Transactions that were committed.
    changes: AtomicU64,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    changes: usize,
    /// A copy that somebody waits for.
    copy: Option<Copy>,
    closing: bool,
    fault: Option<SessionsFault>,
}

/// What those who wait for an end look at.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Ending {
    #[default]
    No,
    /// There is a fault, and the file is about to be closed.
    Failed,
    FileClosed,
}

impl Queue {
    pub(crate) fn new(path: &Path, changes: u64) -> Self {
        Self {
            path: Arc::from(path),
            state: Mutex::default(),
            work: Condvar::new(),
            ending: watch::Sender::default(),
            changes: AtomicU64::new(changes),
        }
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    pub(crate) fn set_changes(&self, changes: u64) {
        self.changes.store(changes, Ordering::Release);
    }

    pub(crate) fn put(&self, changes: Vec<SessionChange>) -> Result<Saved, SaveError> {
        let mut state = self.state.lock();
        if let Some(fault) = &state.fault {
            return Err(SaveError::Failed(fault.clone()));
        }
        if state.closing {
            return Err(SaveError::Closed);
        }
        if state.changes + changes.len() > WAITING_CHANGES {
            return Err(SaveError::TooManyWait);
        }
        state.changes += changes.len();
        let (saved, waiter) = oneshot::channel();
        state.waiting.push_back(Waiting { changes, saved });
        drop(state);
        self.work.notify_one();
        Ok(waiter)
    }

    /// Asks for a copy, in the place of one that was asked for before; false at
    /// the end.
    pub(crate) fn ask_for_copy(&self, copy: Copy) -> bool {
        let mut state = self.state.lock();
        if state.closing || state.fault.is_some() {
            return false;
        }
        state.copy = Some(copy);
        drop(state);
        self.work.notify_one();
        true
    }

    pub(crate) fn take_copy(&self) -> Option<Copy> {
        self.state.lock().copy.take()
    }

    /// What waits now, as much as one transaction takes, or nothing where a
    /// copy is asked for; `None` at the end.
    pub(crate) fn take(&self) -> Option<Vec<Waiting>> {
        let mut state = self.state.lock();
        while state.waiting.is_empty() && state.copy.is_none() {
            if state.closing {
                return None;
            }
            self.work.wait(&mut state);
        }
        let mut batch = Vec::new();
        let mut changes = 0;
        while changes < BATCH_CHANGES
            && let Some(next) = state.waiting.pop_front()
        {
            changes += next.changes.len();
            batch.push(next);
        }
        state.changes -= changes;
        Some(batch)
    }

    /// Nothing is saved any more: `batch` and all that waits learn it.
    pub(crate) fn fail(&self, batch: Vec<Waiting>, cause: rusqlite::Error) {
        tracing::error!(%cause, "sessions cannot be saved any more");
        let fault = SessionsFault {
            path: Arc::clone(&self.path),
            cause: Arc::new(cause),
        };
        let mut state = self.state.lock();
        state.fault = Some(fault.clone());
        state.changes = 0;
        state.copy = None;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for one in batch.into_iter().chain(waiting) {
            // Nobody listens where the connection has gone away.
            let _ = one.saved.send(Err(SaveError::Failed(fault.clone())));
        }
        self.ending.send_replace(Ending::Failed);
    }

    /// Takes no more; what waits is still saved.
    pub(crate) fn close(&self) {
        self.state.lock().closing = true;
        self.work.notify_one();
    }

    /// The thread has ended, and the file is closed.
    pub(crate) fn file_closed(&self) {
        self.ending.send_replace(Ending::FileClosed);
    }

    /// Resolves when the file is closed, with the fault where there was one.
    pub(crate) async fn closed(&self) -> Result<(), SessionsFault> {
        let mut ending = self.ending.subscribe();
        // The sender lives in `self`, so the wait ends by the condition alone.
        let _ = ending.wait_for(|now| *now == Ending::FileClosed).await;
        match &self.state.lock().fault {
            None => Ok(()),
            Some(fault) => Err(fault.clone()),
        }
    }

    /// Resolves once there is a fault.
    pub(crate) fn failed(
        self: &Arc<Self>,
    ) -> impl Future<Output = SessionsFault> + Send + 'static + use<> {
        let queue = Arc::clone(self);
        let mut ending = self.ending.subscribe();
        async move {
            loop {
                let fault = queue.state.lock().fault.clone();
                if let Some(fault) = fault {
                    return fault;
                }
                // The sender lives in `queue`, so this ends only by a change.
                let _ = ending.changed().await;
            }
        }
    }
}
