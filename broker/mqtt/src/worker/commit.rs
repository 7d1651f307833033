//! Commits what the worker's connections have staged.
//!
//! Connections stage while they read; this task commits what has come together
//! when all that were ready have had their turn, and writes each connection's
//! acknowledgements. One commit is under way at a time: what arrives meanwhile
//! shares the next one.

use std::rc::Rc;

use transport::{MessageSink, with_causes};

use crate::connection::{End, WorkerContext};
use crate::context::{Group, Services};

/// Commits group after group, for as long as the worker lives.
pub(super) async fn run<S: Services>(worker: Rc<WorkerContext<S>>) {
    loop {
        let Group { staged, owners } = worker.commits.next_group().await;
        match worker.services.sink().commit(staged).await {
            Ok(receipts) => {
                let mut receipts = receipts.into_iter();
                for (owner, count) in owners {
                    let own = receipts.by_ref().take(count);
                    match owner {
                        Some(connection) => connection.committed(&worker, own),
                        None => own.for_each(drop),
                    }
                }
            }
            Err(fault) => {
                tracing::error!("messages were not stored: {}", with_causes(&fault));
                for connection in owners.into_iter().filter_map(|(owner, _)| owner) {
                    connection.close(&worker, End::sink_fault(&fault));
                }
            }
        }
    }
}
