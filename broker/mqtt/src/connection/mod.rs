//! One client's connection: a thin layer between its socket and its session.
//!
//! It reads all that the socket holds into the worker's buffer, hands every
//! packet to the session, stages what is published, and writes all answers at
//! once. What is durable comes back from the worker's commit queue, which
//! writes the acknowledgements straight to the socket. A connection keeps no
//! buffer while it is idle: only the unfinished part of a packet, and what the
//! peer has not taken yet.

mod ask;
mod deadline;
mod end;
mod finish;
mod held_back;
mod keep;
mod login;
mod outgoing;
mod oversized;
mod postponed;
mod receive;
mod refuse;
mod state;
mod subscribe;
mod will;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

pub(crate) use end::End;
use state::State;

use crate::context::{self, Services};
use crate::listener::Ticket;
use crate::router::Endpoint;
use crate::stats::ListenerCounters;
use crate::stream::Stream;

/// What a connection is given of its worker.
pub(crate) type WorkerContext<S> = context::WorkerContext<S, Connection<S>>;

pub(crate) struct Connection<S: Services> {
    peer: SocketAddr,
    counters: Arc<ListenerCounters>,
    /// Its place among the worker's connections.
    slot: usize,
    state: RefCell<State<S>>,
}

impl<S: Services> Connection<S> {
    pub(crate) fn new(
        stream: Stream,
        peer: SocketAddr,
        counters: Arc<ListenerCounters>,
        slot: usize,
        ticket: Rc<Ticket>,
    ) -> Rc<Self> {
        Rc::new(Self {
            peer,
            counters,
            slot,
            state: RefCell::new(State::new(stream, ticket, Instant::now())),
        })
    }

    pub(crate) fn slot(&self) -> usize {
        self.slot
    }

    /// Whether it is the one that other threads know as `endpoint`.
    pub(crate) fn is_of(&self, endpoint: &Arc<Endpoint>) -> bool {
        let state = self.state.borrow();
        state
            .served
            .as_ref()
            .is_some_and(|it| Arc::ptr_eq(&it.endpoint, endpoint))
    }

    /// Goes on as far as the socket allows; ready when the connection is over
    /// and has told so.
    pub(crate) fn poll(
        self: &Rc<Self>,
        worker: &WorkerContext<S>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let state = &mut *self.state.borrow_mut();
        state.remember(cx.waker());
        loop {
            let write_blocked = match state.poll_flush(cx) {
                Ok(blocked) => blocked,
                Err(error) => {
                    state.lost(&error);
                    false
                }
            };
            if state.is_over() {
                return if write_blocked && !state.is_abandoned() {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                };
            }
            self.poll_greeting(state, worker, cx);
            if !write_blocked {
                self.go_on_delivering(state, worker);
            }
            if !state.is_paused(worker.config()) {
                match self.read(state, worker, cx) {
                    receive::Progress::Waiting => {}
                    receive::Progress::More => cx.waker().wake_by_ref(),
                }
            }
            if state.is_over() || (state.has_unsent() && !write_blocked) {
                continue;
            }
            return Poll::Pending;
        }
    }
}
