//! What the session store has to know, and the answers that wait for it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::spawn_local;
use transport::{SessionChange, SessionStore, SinkFault};

use super::end::End;
use super::state::Served;
use super::{Connection, WorkerContext};
use crate::context::Services;
use crate::router::Endpoint;
use crate::session::{Held, HeldChange, Keeping};

/// How often the position of a session that is delivered nothing is saved:
/// what the log has to be read again after a fault.
const IDLE_POSITION: Duration = Duration::from_secs(60);

impl<S: Services> Connection<S> {
    /// Saves changes; the answers leave when they are durable.
    pub(super) fn keep(
        self: &Rc<Self>,
        worker: &WorkerContext<S>,
        endpoint: &Arc<Endpoint>,
        changes: Vec<SessionChange>,
        answers: Vec<u8>,
    ) {
        let (directory, sessions) = (&worker.shared.directory, worker.services.sessions());
        let Some(saved) = directory.while_its_own(endpoint, || sessions.save(changes)) else {
            // Another connection has the session; this one is about to be told.
            return;
        };
        let connection = self.clone();
        spawn_local(async move { connection.saved(saved.await, &answers) });
    }

    fn saved(&self, result: Result<(), SinkFault>, answers: &[u8]) {
        let state = &mut *self.state.borrow_mut();
        // It may have ended meanwhile: nothing follows its last words.
        if state.is_over() || state.served.is_none() {
            return;
        }
        if let Err(fault) = result {
            return state.close(End::sink_fault(&fault));
        }
        let connack = state.served.as_mut().and_then(|it| it.held.take());
        for answers in connack.as_deref().into_iter().chain([answers]) {
            self.counters.bytes_out.add(answers.len() as u64);
            state.write(answers);
        }
        if connack.is_some() || state.has_unsent() {
            state.wake();
        }
    }

    /// Answers of QoS 2 that promise to know an identifier.
    pub(super) fn hold(self: &Rc<Self>, worker: &WorkerContext<S>, served: &Served<S>, held: Held) {
        if held.is_empty() {
            return;
        }
        let key = &served.endpoint.key;
        let changes = held.changes.into_iter().map(|change| match change {
            HeldChange::Received(packet_id) => SessionChange::Received {
                key: key.clone(),
                packet_id,
            },
            HeldChange::Released(packet_id) => SessionChange::Released {
                key: key.clone(),
                packet_id,
            },
        });
        self.keep(worker, &served.endpoint, changes.collect(), held.answers);
    }

    /// Tells the store how far the client has acknowledged, now and then:
    /// what it does not know is delivered again after a fault.
    pub(super) fn save_position(
        &self,
        worker: &WorkerContext<S>,
        served: &mut Served<S>,
        now: Instant,
    ) {
        if served.session.keeping() != Keeping::Store || served.held.is_some() {
            return;
        }
        let delivered = served.endpoint.delivered(worker.shared.router.published());
        let in_flight = served.session.oldest_in_flight();
        let position = in_flight.map_or(delivered, |it| it.min(delivered));
        let sent = served.attachment.messages_out.get();
        let busy = sent != served.saved_sent;
        let due = busy || now.duration_since(served.saved_at) >= IDLE_POSITION;
        if position == served.saved || !due {
            return;
        }
        (served.saved, served.saved_at) = (position, now);
        // What is in flight is saved when it is acknowledged, though nothing
        // more may be sent by then.
        if in_flight.is_none() {
            served.saved_sent = sent;
        }
        let change = SessionChange::Position {
            key: served.endpoint.key.clone(),
            position,
        };
        worker.save_for(&served.endpoint, change);
    }
}
