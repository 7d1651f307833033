//! What other threads have for the worker's connections: sessions that another
//! connection has taken over, and messages.

use std::rc::Rc;

use super::Worker;
use crate::connection::End;
use crate::context::Services;

/// Connections that are served before others have their turn...
const TURN_CONNECTIONS: usize = 128;
/// ...and bytes that are written to them: some 0.5 ms.
const TURN_BYTES: usize = 256 * 1024;

/// Hands over what other threads have for this worker's connections.
pub(super) async fn dispatch<S: Services>(worker: Rc<Worker<S>>) {
    let inbox = worker.context.shared.router.inbox(worker.context.index);
    let mut ready = Vec::new();
    loop {
        inbox.work.notified().await;
        for (count, endpoint) in inbox.take_taken_over().into_iter().enumerate() {
            if let Some(connection) = worker.connection(&endpoint) {
                connection.close(&worker.context, End::taken_over());
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
                bytes += connection.deliver(&worker.context);
            }
        }
    }
}
