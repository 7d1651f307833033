//! Connections that wait, and are served in turns.

use std::rc::Rc;
use std::time::Duration;

use transport::MessageSink;

use crate::connection::{Connection, WorkerContext};
use crate::context::{HeldBack, Services};

/// Between two looks at whether the sink has room again.
const LOOK_PERIOD: Duration = Duration::from_millis(20);
/// Connections that go on before the sink is asked again.
const TURN_CONNECTIONS: usize = 32;

/// Gives the connections that wait for retained messages a turn each, round and
/// round, and lets all other tasks run between two of them. So this takes one
/// bounded turn of each round, however many subscribers wait.
pub(super) async fn send_retained<S: Services>(worker: Rc<WorkerContext<S>>) {
    let turns = &worker.retained;
    loop {
        turns.entered().await;
        while let Some(connection) = turns.next() {
            if connection.send_retained(&worker) {
                turns.enter_again(connection);
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Asks for all that are held back whether the sink has room again, and then
/// lets them go on some at a time, whoever waits longest first.
pub(super) async fn let_held_back_go_on<S: Services>(worker: Rc<WorkerContext<S>>) {
    let held_back = &worker.held_back;
    loop {
        held_back.entered().await;
        while !held_back.is_empty() {
            tokio::time::sleep(LOOK_PERIOD).await;
            while !worker.services.sink().is_full() && let_some_go_on(held_back) {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Whether any waited.
fn let_some_go_on<S: Services>(held_back: &HeldBack<Connection<S>>) -> bool {
    for turn in 0..TURN_CONNECTIONS {
        let Some(connection) = held_back.next() else {
            return turn > 0;
        };
        connection.go_on();
    }
    true
}
