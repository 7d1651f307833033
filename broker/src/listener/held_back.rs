//! Connections whose next message the sink has no room for.
//!
//! One task of each worker asks for them all whether there is room again, and
//! then lets them go on some at a time, whoever waits longest first. Meanwhile
//! none of them is read, and none costs anything: that matters most where the
//! disk is slow and thousands wait.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

use super::worker::{Seams, Worker};
use crate::mqtt::connection::Connection;
use crate::sink::MessageSink;

/// Between two looks at whether there is room again.
const LOOK_PERIOD: Duration = Duration::from_millis(20);
/// Connections that go on before the sink is asked again.
const TURN_CONNECTIONS: usize = 32;

/// Bounded by the worker's connections: each waits in it once.
pub(crate) struct HeldBack<C: Seams> {
    /// By the order in which they came.
    waiting: RefCell<BTreeMap<u64, Rc<Connection<C>>>>,
    entered: Cell<u64>,
    work: Notify,
}

impl<C: Seams> HeldBack<C> {
    pub(super) fn new() -> Self {
        Self {
            waiting: RefCell::default(),
            entered: Cell::new(0),
            work: Notify::new(),
        }
    }

    /// Returns the place, with which it may [leave](Self::leave).
    pub(crate) fn enter(&self, connection: &Rc<Connection<C>>) -> u64 {
        let place = self.entered.get();
        self.entered.set(place + 1);
        self.waiting.borrow_mut().insert(place, connection.clone());
        self.work.notify_one();
        place
    }

    /// For a connection that ends.
    pub(crate) fn leave(&self, place: u64) {
        self.waiting.borrow_mut().remove(&place);
    }

    /// Lets connections go on for as long as the worker lives.
    pub(super) async fn run(&self, worker: &Worker<C>) {
        loop {
            self.work.notified().await;
            while !self.waiting.borrow().is_empty() {
                tokio::time::sleep(LOOK_PERIOD).await;
                while !worker.services.sink.is_full() && self.let_some_go_on() {
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    /// Whether any waited.
    fn let_some_go_on(&self) -> bool {
        for turn in 0..TURN_CONNECTIONS {
            let next = self.waiting.borrow_mut().pop_first();
            let Some((_, connection)) = next else {
                return turn > 0;
            };
            connection.go_on();
        }
        true
    }
}
