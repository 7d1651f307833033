//! Whose turn it is to be sent retained messages.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::sync::Notify;

/// Bounded by the worker's connections `O`: each waits in it once.
pub(crate) struct RetainedTurns<O> {
    waiting: RefCell<VecDeque<Rc<O>>>,
    work: Notify,
}

/// Places that an empty queue keeps.
const KEPT: usize = 64;

impl<O> RetainedTurns<O> {
    pub(super) fn new() -> Self {
        Self {
            waiting: RefCell::default(),
            work: Notify::new(),
        }
    }

    pub(crate) fn enter(&self, connection: &Rc<O>) {
        self.enter_again(connection.clone());
        self.work.notify_one();
    }

    /// For one that had its turn, by whoever gives the turns.
    pub(crate) fn enter_again(&self, connection: Rc<O>) {
        self.waiting.borrow_mut().push_back(connection);
    }

    pub(crate) fn next(&self) -> Option<Rc<O>> {
        let waiting = &mut *self.waiting.borrow_mut();
        let next = waiting.pop_front();
        if waiting.is_empty() {
            // After a crowd it keeps no place for each.
            waiting.shrink_to(KEPT);
        }
        next
    }

    /// Resolves when somebody has come.
    pub(crate) async fn entered(&self) {
        self.work.notified().await;
    }
}
