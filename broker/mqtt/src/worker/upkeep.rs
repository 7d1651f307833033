//! What time and changed rights do to connections and waiting sessions, in
//! turns, so that a crowd of them holds up nobody.

use std::rc::Rc;
use std::time::{Duration, Instant};

use transport::AccessControl;

use super::{KEEPER, Worker};
use crate::connection::WorkerContext;
use crate::context::Services;
use crate::router::Endpoint;

/// Waiting sessions that end, or whose owners are asked for, before others have
/// their turn.
const TURN_SESSIONS: usize = 64;
/// Between two looks at the session that ends next.
const EXPIRY_PERIOD: Duration = Duration::from_millis(100);
/// Between two looks at all connections for changed rights.
const REVALIDATE_PAUSE: Duration = Duration::from_millis(100);

/// Ends the sessions whose owner is no longer admitted.
async fn purge_waiting_sessions<S: Services>(worker: &WorkerContext<S>) {
    let (access, directory) = (worker.services.access(), &worker.shared.directory);
    let mut after = 0;
    loop {
        let waiting = directory.waiting_owners(after, TURN_SESSIONS);
        let Some((last, _)) = waiting.last() else {
            return;
        };
        after = *last;
        for (_, key) in waiting {
            if access.owner_admitted(&key.owner).is_err() {
                worker.purge(&key.owner);
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Ends the sessions whose time is over.
pub(super) async fn end_waiting_sessions<S: Services>(worker: Rc<WorkerContext<S>>) {
    let gone = |ended: &Endpoint| worker.save_end(ended);
    let directory = &worker.shared.directory;
    loop {
        tokio::time::sleep(EXPIRY_PERIOD).await;
        loop {
            let ended = directory.expired(Instant::now(), TURN_SESSIONS, gone);
            let is_last = ended.len() < TURN_SESSIONS;
            for ended in ended {
                worker.forget_session(ended);
            }
            if is_last {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
}

pub(super) async fn watch_deadlines<S: Services>(worker: Rc<Worker<S>>) {
    let period = (worker.context.config().connect_deadline / 4)
        .clamp(Duration::from_millis(50), Duration::from_secs(1));
    // As long as this comes round, the worker's other tasks get their turn.
    let name = format!("mqtt-{}", worker.context.index);
    let alive = worker.context.config().scope.watch(&name);
    loop {
        alive.beat();
        tokio::time::sleep(period).await;
        let now = Instant::now();
        worker
            .each(
                |_| 1,
                |connection| connection.check_deadlines(&worker.context, now),
            )
            .await;
    }
}

pub(super) async fn revalidate<S: Services>(worker: Rc<Worker<S>>) {
    let inbox = worker.context.shared.router.inbox(worker.context.index);
    loop {
        inbox.rights.notified().await;
        worker
            .each(
                |connection| connection.rights(),
                |connection| connection.revalidate(&worker.context),
            )
            .await;
        if worker.context.index == KEEPER {
            purge_waiting_sessions(&worker.context).await;
        }
        tokio::time::sleep(REVALIDATE_PAUSE).await;
    }
}
