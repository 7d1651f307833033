//! The thread that saves: all that waits in one transaction, one sync for all.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};
use supervisor::Scope;
use transport::{LogPosition, SessionChange, SessionKey};

use crate::pages::copy_pages;
use crate::queue::{Queue, Waiting};
use crate::{SessionClock, folder, rows};

pub(crate) fn start(
    connection: Connection,
    queue: Arc<Queue>,
    clock: Arc<dyn SessionClock>,
    scope: &Scope,
) -> io::Result<()> {
    let started = scope.thread("sessions", move || {
        let file = Closing(&queue);
        run(connection, &queue, &*clock);
        drop(file);
    });
    started.map(drop)
}

/// Tells that the file is closed, also after a panic.
struct Closing<'a>(&'a Queue);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        // Whoever waits and is not answered finds its sender gone.
        self.0.close();
        self.0.file_closed();
    }
}

fn run(mut connection: Connection, queue: &Queue, clock: &dyn SessionClock) {
    while let Some(batch) = queue.take() {
        if let Some(copy) = queue.take_copy() {
            // Nobody listens where the backup has ended.
            let _ = copy.made.send(copy_pages(&mut connection));
        }
        if batch.is_empty() {
            continue;
        }
        match save(&mut connection, &batch, clock) {
            Ok(changes) => queue.set_changes(changes),
            Err(cause) => {
                // The outcome of a failed commit is unknown: nothing is tried again.
                queue.fail(batch, cause);
                return;
            }
        }
        for waiting in batch {
            // Nobody listens where the connection has gone away.
            let _ = waiting.saved.send(Ok(()));
        }
    }
}

/// How many transactions there are then.
fn save(
    connection: &mut Connection,
    batch: &[Waiting],
    clock: &dyn SessionClock,
) -> rusqlite::Result<u64> {
    let now = clock.now();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // A session that receives moves on with each acknowledgement: of one batch
    // only its last position is written.
    let mut positions: HashMap<&SessionKey, LogPosition> = HashMap::new();
    for change in batch.iter().flat_map(|waiting| &waiting.changes) {
        match change {
            SessionChange::Position { key, position } => {
                positions.insert(key, *position);
                continue;
            }
            SessionChange::Detached { key, .. } | SessionChange::Ended { key } => {
                positions.remove(&**key);
            }
            _ => {}
        }
        rows::apply(&transaction, change, now)?;
    }
    for (key, position) in positions {
        rows::set_position(&transaction, key, position)?;
    }
    let changes = folder::count_change(&transaction)?;
    transaction.commit()?;
    Ok(changes)
}
