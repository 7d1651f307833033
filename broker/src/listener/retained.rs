//! Whose turn it is to be sent retained messages.
//!
//! One task of each worker gives the connections that wait a turn each, round
//! and round, and lets all other tasks run between two of them. So it takes one
//! bounded turn of each round, however many subscribers wait.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::sync::Notify;

use super::worker::{Seams, Worker};
use crate::mqtt::connection::Connection;

/// Bounded by the worker's connections: each waits in it once.
pub(crate) struct RetainedTurns<C: Seams> {
    waiting: RefCell<VecDeque<Rc<Connection<C>>>>,
    work: Notify,
}

impl<C: Seams> RetainedTurns<C> {
    pub(super) fn new() -> Self {
        Self {
            waiting: RefCell::default(),
            work: Notify::new(),
        }
    }

    pub(crate) fn enter(&self, connection: &Rc<Connection<C>>) {
        self.waiting.borrow_mut().push_back(connection.clone());
        self.work.notify_one();
    }

    fn next(&self) -> Option<Rc<Connection<C>>> {
        let waiting = &mut *self.waiting.borrow_mut();
        let next = waiting.pop_front();
        if waiting.is_empty() {
            // After a crowd it keeps no place for each.
            waiting.shrink_to(KEPT);
        }
        next
    }

    /// Gives turns for as long as the worker lives.
    pub(super) async fn run(&self, worker: &Worker<C>) {
        loop {
            self.work.notified().await;
            while let Some(connection) = self.next() {
                if connection.send_retained(worker) {
                    self.waiting.borrow_mut().push_back(connection);
                }
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Places that an empty queue keeps.
const KEPT: usize = 64;
