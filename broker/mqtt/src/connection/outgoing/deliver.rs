//! Messages and acknowledgements towards the client.

use std::rc::Rc;
use std::time::Instant;

use transport::Receipt;

use crate::connection::end::End;
use crate::connection::state::{Served, State};
use crate::connection::{Connection, WorkerContext};
use crate::context::Services;
use crate::message::Delivery;
use crate::router::Drained;
use crate::session::{Held, Sent};

/// Buffers written in one go before others have their turn: with 64 KiB each
/// less than a millisecond.
const TURN_ROUNDS: usize = 4;

impl<S: Services> Connection<S> {
    /// The router says that messages wait. Returns the bytes that were written.
    pub(crate) fn deliver(self: &Rc<Self>, worker: &WorkerContext<S>) -> usize {
        let state = &mut *self.state.borrow_mut();
        if state.is_over() {
            return 0;
        }
        let out = &mut *worker.scratch.borrow_mut();
        let written = self.deliver_into(state, worker, out);
        if state.has_unsent() {
            // The task waits for the socket.
            state.wake();
        }
        written
    }

    pub(in crate::connection) fn go_on_delivering(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
    ) {
        if state.served.as_ref().is_some_and(|served| served.blocked) {
            let out = &mut *worker.scratch.borrow_mut();
            self.deliver_into(state, worker, out);
        }
    }

    /// Delivers until nothing waits, or until the window or the socket is full,
    /// or others have to have their turn. Returns the bytes that were written.
    pub(in crate::connection) fn deliver_into(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        out: &mut Vec<u8>,
    ) -> usize {
        let most = worker.config().unsent_bytes;
        let mut written = 0;
        for _ in 0..TURN_ROUNDS {
            let room = most.saturating_sub(state.unsent_bytes());
            let Some(served) = &mut state.served else {
                return written;
            };
            if served.held.is_some() {
                served.blocked = true;
                return written;
            }
            out.clear();
            let full = self.fill(served, worker, room, out);
            written += out.len();
            self.counters.bytes_out.add(out.len() as u64);
            state.write(out);
            if !full || state.has_unsent() {
                return written;
            }
        }
        state.wake();
        written
    }

    /// Writes deliveries up to `room` bytes; whether it stopped for want of it.
    fn fill(
        self: &Rc<Self>,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        room: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        let now = Instant::now();
        let Served {
            session,
            endpoint,
            attachment,
            retained,
            blocked,
            ..
        } = served;
        session.lost(endpoint.take_lost());
        *blocked = !session.send_again(room, now, out);
        if *blocked {
            return out.len() >= room;
        }
        if let Some(looks) = retained {
            // They come first, in turns.
            *blocked = true;
            if !std::mem::replace(&mut looks.is_queued, true) {
                worker.retained.enter(self);
            }
            return false;
        }
        let (mut sent, mut dropped, mut full) = (0, 0, false);
        let mut take = |delivery: Delivery| {
            full = out.len() >= room;
            if full || !session.has_room(&delivery) {
                return Err(delivery);
            }
            match session.deliver(delivery, now, out) {
                Sent::Written => sent += 1,
                Sent::TooLarge | Sent::Expired => dropped += 1,
            }
            Ok(())
        };
        let mut catch_up_from = None;
        match endpoint.drain(&mut take) {
            Drained::Empty => {}
            Drained::Blocked => *blocked = true,
            Drained::CatchUp(next) => catch_up_from = Some(next),
        }
        attachment.messages_out.add(sent);
        self.counters.messages_out.add(sent);
        attachment.drop_counted(dropped);
        if let Some(next) = catch_up_from {
            self.read_log(served, worker, next);
        }
        full
    }

    /// Messages of this connection are durable: their acknowledgements go out
    /// in one write, from here, without waking the connection's task.
    pub(crate) fn committed(
        self: &Rc<Self>,
        worker: &WorkerContext<S>,
        receipts: impl Iterator<Item = impl Receipt>,
    ) {
        let state = &mut *self.state.borrow_mut();
        let (was_paused, over) = (state.is_paused(worker.config()), state.is_over());
        let Some(served) = state.served.as_mut().filter(|_| !over) else {
            return receipts.for_each(drop);
        };
        let out = &mut *worker.scratch.borrow_mut();
        out.clear();
        let (mut acknowledged, mut held) = (0, Held::default());
        for receipt in receipts {
            acknowledged += served.session.committed(&receipt, out, &mut held);
        }
        self.hold(worker, served, held);
        if let Some(agency) = &served.attachment.agency {
            agency.acknowledged.add(acknowledged);
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

    pub(crate) fn close(&self, worker: &WorkerContext<S>, end: End) {
        self.close_with(&mut self.state.borrow_mut(), worker, end);
    }
}
