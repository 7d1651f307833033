//! What a worker does beside its connections' own tasks: a loop each, and each
//! in turns, so that a crowd of connections or sessions holds up none of them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::worker::{KEEPER, Seams, Worker};
use crate::access::AccessControl;
use crate::mqtt::connection::End;
use crate::mqtt::router::Endpoint;

/// Connections that are served before others have their turn...
const TURN_CONNECTIONS: usize = 128;
/// ...and bytes that are written to them: some 0.5 ms.
const TURN_BYTES: usize = 256 * 1024;
/// Waiting sessions that end, or whose owners are asked for, before others have
/// their turn.
const TURN_SESSIONS: usize = 64;
/// Between two looks at the session that ends next.
const EXPIRY_PERIOD: Duration = Duration::from_millis(100);
/// Between two looks at all connections for changed rights.
const REVALIDATE_PAUSE: Duration = Duration::from_millis(100);

/// Hands over what other threads have for this worker's connections.
pub(super) async fn dispatch<C: Seams>(worker: Rc<Worker<C>>) {
    let inbox = worker.shared.router.inbox(worker.index);
    let mut ready = Vec::new();
    loop {
        inbox.work.notified().await;
        for (count, endpoint) in inbox.take_taken_over().into_iter().enumerate() {
            if let Some(connection) = worker.connection(&endpoint) {
                connection.close(&worker, End::taken_over());
            }
            if count % TURN_CONNECTIONS == TURN_CONNECTIONS - 1 {
                tokio::task::yield_now().await;
            }
        }
        inbox.take_ready(&mut ready);
        let (mut connections, mut bytes) = (0, 0);
        for endpoint in ready.drain(..) {
            if connections >= TURN_CONNECTIONS || bytes >= TURN_BYTES {
                (connections, bytes) = (0, 0);
                tokio::task::yield_now().await;
            }
            connections += 1;
            if let Some(connection) = worker.connection(&endpoint) {
                bytes += connection.deliver(&worker);
            }
        }
    }
}

pub(super) async fn send_retained<C: Seams>(worker: Rc<Worker<C>>) {
    worker.retained.run(&worker).await;
}

pub(super) async fn let_held_back_go_on<C: Seams>(worker: Rc<Worker<C>>) {
    worker.held_back.run(&worker).await;
}

/// Ends the sessions whose owner is no longer admitted.
async fn purge_waiting_sessions<C: Seams>(worker: &Worker<C>) {
    let (access, directory) = (&worker.services.access, &worker.shared.directory);
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
pub(super) async fn end_waiting_sessions<C: Seams>(worker: Rc<Worker<C>>) {
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

pub(super) async fn watch_deadlines<C: Seams>(worker: Rc<Worker<C>>) {
    let period = (worker.config().connect_deadline / 4)
        .clamp(Duration::from_millis(50), Duration::from_secs(1));
    // As long as this comes round, the worker's other tasks get their turn.
    let alive = worker
        .config()
        .scope
        .watch(&format!("mqtt-{}", worker.index));
    loop {
        alive.beat();
        tokio::time::sleep(period).await;
        let now = Instant::now();
        worker
            .each(|_| 1, |connection| connection.check_deadlines(&worker, now))
            .await;
    }
}

pub(super) async fn revalidate<C: Seams>(worker: Rc<Worker<C>>) {
    let inbox = worker.shared.router.inbox(worker.index);
    loop {
        inbox.rights.notified().await;
        worker
            .each(
                |connection| connection.rights(),
                |connection| connection.revalidate(&worker),
            )
            .await;
        if worker.index == KEEPER {
            purge_waiting_sessions(&worker).await;
        }
        tokio::time::sleep(REVALIDATE_PAUSE).await;
    }
}
