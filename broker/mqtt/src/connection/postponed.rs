//! A message for which the sink has to write something first: it waits alone,
//! and no other connection for it. Its own connection is not read meanwhile,
//! since acknowledgements leave in the order of the messages [MQTT-4.6.0-2]; so
//! its silence is not held against it.

use std::rc::Rc;
use std::time::Instant;

use domain::Timestamp;
use tokio::task::spawn_local;
use transport::{Preparation, SinkFault};

use super::end::End;
use super::receive::Batch;
use super::state::State;
use super::{Connection, WorkerContext};
use crate::codec::{self, Frame, Packet};
use crate::context::Services;
use crate::session::Violation;

/// A PUBLISH that the session has taken in and the sink has not.
pub(super) struct Postponed {
    first: u8,
    body: Box<[u8]>,
    total: usize,
    received: Timestamp,
    is_prepared: bool,
}

impl Postponed {
    pub(super) fn new(frame: &Frame<'_>, received: Timestamp) -> Box<Self> {
        Box::new(Self {
            first: frame.first,
            body: frame.body.into(),
            total: frame.total,
            received,
            is_prepared: false,
        })
    }

    pub(super) fn is_prepared(&self) -> bool {
        self.is_prepared
    }
}

impl<S: Services> Connection<S> {
    /// Nothing more is handled until the message has been staged.
    pub(super) fn postpone(
        self: &Rc<Self>,
        state: &mut State<S>,
        mut postponed: Box<Postponed>,
        preparation: Preparation,
    ) {
        postponed.is_prepared = false;
        state.postponed = Some(postponed);
        let connection = self.clone();
        spawn_local(async move { connection.prepared(preparation.await) });
    }

    fn prepared(&self, result: Result<(), SinkFault>) {
        let state = &mut *self.state.borrow_mut();
        // It may have ended meanwhile.
        let (Some(postponed), Some(served)) = (&mut state.postponed, &mut state.served) else {
            return;
        };
        match result {
            Ok(()) => {
                postponed.is_prepared = true;
                served.session.is_not_read(Instant::now());
                // Before anything that has come since.
                state.has_unhandled = true;
                state.wake();
            }
            Err(fault) => state.close(End::sink_fault(&fault)),
        }
    }

    /// The message is taken in again, as of the time when it came.
    pub(super) fn publish_postponed(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        postponed: Box<Postponed>,
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) {
        let Some(served) = &mut state.served else {
            return;
        };
        let frame = Frame {
            first: postponed.first,
            body: &postponed.body,
            total: postponed.total,
        };
        batch.received = Some(postponed.received);
        let handled = match codec::decode_frame(&frame, served.session.protocol()) {
            Ok(Packet::Publish(publish)) => self.publish(served, worker, &publish, batch, out),
            // It was a PUBLISH before.
            Ok(_) => Ok(()),
            Err(error) => Err(End::violation(Violation::from(error))),
        };
        batch.received = None;
        match batch.preparation.take() {
            Some(preparation) => self.postpone(state, postponed, preparation),
            None => self.end_if_err(state, worker, handled, &[], out),
        }
    }
}
