//! Messages and acknowledgements towards the client.

use std::rc::Rc;

use super::Connection;
use super::end::End;
use super::state::{Served, State};
use crate::listener::worker::{Seams, Worker};
use crate::mqtt::message::Delivery;
use crate::mqtt::router::Drained;
use crate::mqtt::session::Sent;
use crate::sink::Receipt;

/// Buffers written in one go before others have their turn.
const TURN_ROUNDS: usize = 16;

impl<C: Seams> Connection<C> {
    /// The router says that messages wait.
    pub(crate) fn deliver(self: &Rc<Self>, worker: &Worker<C>) {
        let state = &mut *self.state.borrow_mut();
        if state.is_over() {
            return;
        }
        let out = &mut *worker.scratch.borrow_mut();
        self.deliver_into(state, worker, out);
        if state.has_unsent() {
            // The task waits for the socket.
            state.wake();
        }
    }

    pub(super) fn go_on_delivering(&self, state: &mut State<C>, worker: &Worker<C>) {
        if state.served.as_ref().is_some_and(|served| served.blocked) {
            let out = &mut *worker.scratch.borrow_mut();
            self.deliver_into(state, worker, out);
        }
    }

    /// Delivers until nothing waits, or until the window or the socket is full.
    pub(super) fn deliver_into(&self, state: &mut State<C>, worker: &Worker<C>, out: &mut Vec<u8>) {
        let most = worker.config().unsent_bytes;
        for _ in 0..TURN_ROUNDS {
            let room = most.saturating_sub(state.unsent_bytes());
            let Some(served) = &mut state.served else {
                return;
            };
            out.clear();
            let full = self.fill(served, room, out);
            self.counters.bytes_out.add(out.len() as u64);
            state.write(out);
            if !full || state.has_unsent() {
                return;
            }
        }
        state.wake();
    }

    /// Writes deliveries up to `room` bytes; whether it stopped for want of it.
    fn fill(&self, served: &mut Served<C>, room: usize, out: &mut Vec<u8>) -> bool {
        let Served {
            session,
            endpoint,
            retained,
            blocked,
            ..
        } = served;
        let (mut sent, mut too_large, mut full) = (0, 0, false);
        let mut take = |delivery: &Delivery| {
            full = out.len() >= room;
            if full || !session.has_room(delivery) {
                return false;
            }
            match session.deliver(delivery, out) {
                Sent::Written => sent += 1,
                Sent::TooLarge => too_large += 1,
            }
            true
        };
        *blocked = false;
        while let Some(delivery) = retained.as_ref().and_then(|queue| queue.front()) {
            if !take(delivery) {
                *blocked = true;
                break;
            }
            if let Some(queue) = retained {
                queue.pop();
            }
        }
        if !*blocked {
            *retained = None;
            *blocked = endpoint.drain(&mut take) == Drained::Blocked;
        }
        endpoint.messages_out.add(sent);
        self.counters.messages_out.add(sent);
        endpoint.drop_counted(too_large);
        full
    }

    /// Messages of this connection are durable: their acknowledgements go out
    /// in one write, from here, without waking the connection's task.
    pub(crate) fn committed(
        &self,
        worker: &Worker<C>,
        receipts: impl Iterator<Item = impl Receipt>,
    ) {
        let state = &mut *self.state.borrow_mut();
        let (was_paused, over) = (state.is_paused(worker.config()), state.is_over());
        let Some(served) = state.served.as_mut().filter(|_| !over) else {
            return receipts.for_each(drop);
        };
        let out = &mut *worker.scratch.borrow_mut();
        out.clear();
        let mut acknowledged = 0;
        for receipt in receipts {
            acknowledged += served.session.committed(&receipt, out);
        }
        let drained = served.session.pending() == 0;
        if drained {
            served.session.shrink();
        }
        self.counters.acknowledged.add(acknowledged);
        self.counters.bytes_out.add(out.len() as u64);
        state.write(out);
        if drained && state.stopping {
            state.close(End::shutdown());
        }
        if was_paused || state.has_unsent() {
            state.wake();
        }
    }

    pub(crate) fn close(&self, end: End) {
        self.state.borrow_mut().close(end);
    }
}
