//! The limit on connections that have not finished TLS, WebSocket and CONNECT.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::AbortHandle;

use super::pending_logins::PendingLogin;
use crate::stats::ListenerCounters;

/// A handshake may be pushed out by newer ones once it is this old.
const PUSH_OUT_AGE: Duration = Duration::from_secs(1);
/// Between two looks for a place.
const PLACE_PAUSE: Duration = Duration::from_millis(10);

/// The handshakes of one worker.
pub(crate) struct Handshakes {
    limit: usize,
    count: Rc<Cell<usize>>,
    /// Oldest first. Those that are through leave when they come to the front,
    /// or when the queue has grown to a multiple of the limit.
    queue: RefCell<VecDeque<Handshake>>,
}

struct Handshake {
    since: Instant,
    ticket: Weak<Ticket>,
    task: AbortHandle,
}

/// Held by a connection until its CONNECT is accepted.
pub(crate) struct Ticket {
    /// When its handshake began: it may have waited for that.
    since: Cell<Instant>,
    /// Of those that are under way, once it is one of them.
    count: OnceCell<Rc<Cell<usize>>>,
    counters: Arc<ListenerCounters>,
    login: PendingLogin,
    place: OnceCell<OwnedSemaphorePermit>,
}

impl Ticket {
    /// Waits for a place among the handshakes of its address. `None` where
    /// there is none within `patience`.
    pub(crate) async fn wait(&self, handshakes: &Handshakes, patience: Duration) -> Option<()> {
        if self.place.get().is_none() {
            let place = tokio::time::timeout(patience, self.login.place());
            self.begin(handshakes, place.await.ok()??);
        }
        Some(())
    }

    fn begin(&self, handshakes: &Handshakes, place: OwnedSemaphorePermit) {
        self.since.set(Instant::now());
        let (place, count) = (
            self.place.set(place),
            self.count.set(handshakes.count.clone()),
        );
        if place.is_ok() && count.is_ok() {
            handshakes.count.set(handshakes.count.get() + 1);
        }
    }

    /// When its handshake began.
    pub(crate) fn since(&self) -> Instant {
        self.since.get()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(count) = self.count.get() {
            count.set(count.get() - 1);
        }
        self.counters.handshakes.subtract(1);
    }
}

impl Handshakes {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            count: Rc::default(),
            queue: RefCell::default(),
        }
    }

    /// Waits for a place; the oldest handshake gives way once it is old enough,
    /// so that silent peers delay others by a second at most.
    pub(crate) async fn place(&self) {
        while self.count.get() >= self.limit {
            if self.push_out_oldest() {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(PLACE_PAUSE).await;
            }
        }
    }

    fn push_out_oldest(&self) -> bool {
        self.push_out(PUSH_OUT_AGE)
    }

    /// There are no file handles left: the oldest gives way whatever its age.
    /// Whether there was one.
    pub(crate) fn give_way(&self) -> bool {
        self.push_out(Duration::ZERO)
    }

    fn push_out(&self, age: Duration) -> bool {
        let mut queue = self.queue.borrow_mut();
        while queue.front().is_some_and(Handshake::is_through) {
            queue.pop_front();
        }
        let old_enough = queue.front().is_some_and(|it| it.since.elapsed() >= age);
        if !old_enough {
            return false;
        }
        let Some(oldest) = queue.pop_front() else {
            return false;
        };
        if let Some(ticket) = oldest.ticket.upgrade() {
            ticket.counters.unfinished.add(1);
        }
        oldest.task.abort();
        true
    }

    /// It counts at once where its address has a place.
    pub(crate) fn ticket(
        &self,
        counters: Arc<ListenerCounters>,
        login: PendingLogin,
    ) -> Rc<Ticket> {
        counters.handshakes.add(1);
        let place = login.try_place();
        let ticket = Ticket {
            since: Cell::new(Instant::now()),
            count: OnceCell::new(),
            counters,
            login,
            place: OnceCell::new(),
        };
        if let Some(place) = place {
            ticket.begin(self, place);
        }
        Rc::new(ticket)
    }

    pub(crate) fn enter(&self, since: Instant, ticket: Weak<Ticket>, task: AbortHandle) {
        let mut queue = self.queue.borrow_mut();
        while queue.front().is_some_and(Handshake::is_through) {
            queue.pop_front();
        }
        if queue.len() >= 4 * self.limit {
            queue.retain(|it| !it.is_through());
        }
        queue.push_back(Handshake {
            since,
            ticket,
            task,
        });
    }
}

impl Handshake {
    fn is_through(&self) -> bool {
        self.ticket.strong_count() == 0
    }
}
