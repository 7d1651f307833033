//! MQTT sessions that outlive their connection, kept in `DIR/sessions.db`: the
//! broker's [`SessionStore`] in SQLite.
//!
//! - `database`: opens the file
//! - `folder`: holds it against the data folder around it
//! - `schema`: its tables
//! - `rows`: what a change does to them
//! - `queue`: what waits to be saved
//! - `writer`: the thread that saves
//! - `pages`, `copy`: for backups
//!
//! 100,000 sessions with a subscription each are 11 MB; they are opened and
//! checked in 0.25 s, made at once in 1.3 s and end at once in 0.55 s, and a
//! lone change takes 0.3 ms (two cores, a debug build, one sync included).
//!
//! After a fault nothing is saved and nothing is acknowledged; the platform
//! ends with it ([`Sessions::failed`]), as it does with a fault of the log.

mod copy;
mod database;
mod folder;
mod pages;
mod queue;
mod rows;
mod schema;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use parking_lot::Mutex;
use supervisor::Scope;

pub use copy::{CopySessionsError, InspectedSessions, inspect_sessions};
pub use database::{OpenSessionsError, SESSIONS_FILE, begin_empty};
pub use folder::{SessionsFolder, SessionsMark};
pub use queue::SessionsFault;
use queue::{Queue, SaveError};
use transport::{SessionChange, SessionStore, SinkFault, StoredSession};

/// What a store of sessions asks the time for.
pub trait SessionClock: Send + Sync + 'static {
    /// When a session's connection ends.
    fn now(&self) -> Timestamp;

    /// What the time that a session has waited counts to: a clock that has
    /// leapt ahead does not move it at once.
    fn settled(&self) -> Timestamp;

    /// Deletion waits: the clock has leapt and not been confirmed yet.
    fn has_leapt(&self) -> bool;
}

/// The open file of kept sessions. Dropped without [`Self::close`], it saves
/// what waits and nobody learns when.
pub struct Sessions {
    queue: Arc<Queue>,
    scope: Scope,
    /// What the file held; there until it is asked for.
    loaded: Mutex<Option<Vec<StoredSession>>>,
    clock: Arc<dyn SessionClock>,
}

impl Sessions {
    /// Opens the file in the data folder `dir`, which this process has locked.
    pub fn open(
        dir: &Path,
        folder: SessionsFolder,
        clock: Arc<dyn SessionClock>,
        scope: &Scope,
    ) -> Result<Self, OpenSessionsError> {
        let opened = database::open(dir, folder)?;
        let queue = Arc::new(Queue::new(&opened.path, opened.changes));
        writer::start(
            opened.connection,
            Arc::clone(&queue),
            Arc::clone(&clock),
            scope,
        )
        .map_err(OpenSessionsError::Thread)?;
        Ok(Self {
            queue,
            scope: scope.clone(),
            clock,
            loaded: Mutex::new(Some(opened.sessions)),
        })
    }

    /// Resolves with the fault once sessions cannot be saved any more.
    pub fn failed(&self) -> impl Future<Output = SessionsFault> + Send + 'static {
        self.queue.failed()
    }

    /// Transactions that were committed, of this process and of those before.
    pub fn changes(&self) -> u64 {
        self.queue.changes()
    }

    /// Saves what waits, takes no more, and closes the file.
    pub async fn close(&self) -> Result<(), SessionsFault> {
        self.scope.close();
        self.queue.close();
        self.queue.closed().await
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        self.scope.close();
        self.queue.close();
    }
}

impl SessionStore for Sessions {
    fn load(&self) -> Result<Vec<StoredSession>, SinkFault> {
        let loaded = self.loaded.lock().take();
        loaded.ok_or_else(|| SinkFault::failed("the kept sessions were asked for before"))
    }

    /// A clock that has leapt ends no session: it counts from where deletion
    /// counts from. In the first days of a platform that lies before the
    /// session's end without any leap, and the clock is believed.
    fn away(&self, detached: Timestamp) -> Duration {
        let settled = self.clock.settled();
        let now = if detached > settled && !self.clock.has_leapt() {
            self.clock.now()
        } else {
            settled
        };
        let away = now.as_micros() - detached.as_micros();
        Duration::from_micros(away.max(0).unsigned_abs())
    }

    fn save(
        &self,
        changes: Vec<SessionChange>,
    ) -> impl Future<Output = Result<(), SinkFault>> + Send + 'static {
        // Queued here and not when the future is first asked: the order of the
        // calls holds.
        let queued = self.queue.put(changes);
        async move {
            let saved = match queued {
                Ok(saved) => saved.await.unwrap_or(Err(SaveError::Closed)),
                Err(refused) => Err(refused),
            };
            saved.map_err(|error| match error {
                SaveError::Closed => SinkFault::Stopping,
                error => SinkFault::failed(error),
            })
        }
    }
}
