//! After the last packet: the will, the record, the last bytes.

use std::future::poll_fn;
use std::time::Duration;

use domain::batch::Resent;

use super::Connection;
use super::end::End;
use super::state::Served;
use super::transport::Transport;
use crate::access::{AccessControl, ConnectionEvent, EventKind, PublishRight};
use crate::listener::worker::{Seams, Worker};
use crate::mqtt::codec::{Property, Qos};
use crate::mqtt::message::Message;
use crate::mqtt::session::StoredWill;
use crate::sink::{InboundMessage, MessageSink};

/// How long a peer has to take the last words and close.
const LINGER: Duration = Duration::from_millis(500);
/// What it may still send meanwhile, in bytes.
const LINGER_BYTES: usize = 1024 * 1024;

impl<C: Seams> Connection<C> {
    /// Records the end, lets the will go, and closes the socket gently.
    pub(crate) async fn finish(&self, worker: &Worker<C>) {
        let (end, served) = {
            let state = &mut *self.state.borrow_mut();
            state.ticket = None;
            (state.take_end(), self.release(worker, state.served.take()))
        };
        let Some(end) = end else { return };
        self.record(worker, &end, served.as_deref());
        if let Some(mut served) = served
            && let Some(will) = served.session.take_will()
        {
            self.publish_will(worker, &served, &will);
        }
        // Its own messages may keep the connection a while, waiting to be
        // durable; its socket they do not keep.
        match end.kind == EventKind::Disconnected && end.code.is_none() {
            true => {}
            false => self.linger().await,
        }
        self.state.borrow_mut().transport = Transport::Closed;
    }

    async fn linger(&self) {
        self.state.borrow_mut().transport.say_end();
        let mut left = LINGER_BYTES;
        let peer_closed = poll_fn(|cx| {
            let state = &mut *self.state.borrow_mut();
            state.transport.poll_waste(cx, &mut left)
        });
        // It is as good as closed: whether the peer was quick is no matter.
        let _ = tokio::time::timeout(LINGER, peer_closed).await;
    }

    /// Takes the connection out of all that others can see. Runs once, also
    /// when the task is dropped half way.
    pub(super) fn release(
        &self,
        worker: &Worker<C>,
        served: Option<Box<Served<C>>>,
    ) -> Option<Box<Served<C>>> {
        let served = served?;
        for subscription in served.session.subscriptions() {
            let router = &worker.shared.router;
            router.unsubscribe(&served.endpoint, &subscription.filter);
        }
        worker.shared.directory.leave(&served.endpoint);
        self.counters.connections.subtract(1);
        Some(served)
    }

    /// For a task that is dropped without [`Self::finish`].
    pub(crate) fn release_dropped(&self, worker: &Worker<C>) {
        if let Ok(mut state) = self.state.try_borrow_mut() {
            let served = state.served.take();
            self.release(worker, served);
        }
    }

    fn record(&self, worker: &Worker<C>, end: &End, served: Option<&Served<C>>) {
        let login = match served {
            Some(served) => served.endpoint.identity.login.as_deref(),
            None => end.login.as_deref(),
        };
        if served.is_none() && end.kind != EventKind::Refused {
            self.counters.unfinished.add(1);
        }
        worker.services.access.record(ConnectionEvent {
            login,
            peer: self.peer,
            listener: self.counters.listener,
            kind: end.kind,
            reason: (&*end.reason).into(),
            cure: end.cure,
            head: &end.head,
        });
    }

    /// The right is asked again: it may have been lost since CONNECT.
    fn publish_will(&self, worker: &Worker<C>, served: &Served<C>, will: &StoredWill) {
        let services = &worker.services;
        let properties = will.properties.as_properties();
        match services
            .access
            .publish_right(&served.principal, &will.topic)
        {
            PublishRight::Denied => {}
            PublishRight::Route => {
                let mut message = Message::new(&will.topic, will.payload.to_vec().into());
                message.qos = will.qos.min(Qos::AtLeastOnce);
                message.retain = will.retain;
                message.properties = will.properties.clone();
                worker
                    .shared
                    .router
                    .publish([message], Some(&served.endpoint));
            }
            PublishRight::Telemetry => {
                let staged = services.sink.stage(
                    &served.principal,
                    &InboundMessage {
                        topic: &will.topic,
                        payload: &will.payload,
                        content_type: properties.iter().find_map(|property| match property {
                            Property::ContentType(text) => Some(text),
                            _ => None,
                        }),
                        resent: Resent::No,
                        transport: self.counters.listener.transport(),
                        peer: self.peer,
                        signed: None,
                    },
                );
                match staged {
                    Ok(staged) => {
                        worker.commits.stage(staged);
                        worker.commits.owned_by_nobody(1);
                    }
                    Err(fault) => tracing::error!("a will could not be stored: {fault}"),
                }
            }
        }
    }
}
