//! Connections whose next message the sink has no room for.
//!
//! Meanwhile none of them is read, and none costs anything: that matters most
//! where the disk is slow and thousands wait.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::Notify;

/// Bounded by the worker's connections `O`: each waits in it once.
pub(crate) struct HeldBack<O> {
    /// By the order in which they came.
    waiting: RefCell<BTreeMap<u64, Rc<O>>>,
    entered: Cell<u64>,
    work: Notify,
}

impl<O> HeldBack<O> {
    pub(super) fn new() -> Self {
        Self {
            waiting: RefCell::default(),
            entered: Cell::new(0),
            work: Notify::new(),
        }
    }

    /// Returns the place, with which it may [leave](Self::leave).
    pub(crate) fn enter(&self, connection: &Rc<O>) -> u64 {
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

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    /// Whoever waits longest.
    pub(crate) fn next(&self) -> Option<Rc<O>> {
        let next = self.waiting.borrow_mut().pop_first();
        next.map(|(_, connection)| connection)
    }

    /// Resolves when somebody has come.
    pub(crate) async fn entered(&self) {
        self.work.notified().await;
    }
}
