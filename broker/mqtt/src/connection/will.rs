//! The will: published when its client is gone, at once or after its delay.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Timestamp;
use domain::batch::Resent;
use tokio::sync::oneshot;
use tokio::task::spawn_local;
use transport::{
    AccessControl, ConnectionEvent, Denial, EventKind, InboundMessage, MessageSink, NotStaged,
    PublishRight, SinkFault, with_causes,
};

use super::{Connection, WorkerContext};
use crate::codec::Property;
use crate::context::Services;
use crate::directory::WillFate;
use crate::message::Message;
use crate::router::Endpoint;
use crate::session::StoredWill;

/// A will and who left it.
pub(super) struct LastWill<S: Services> {
    pub(super) will: Box<StoredWill>,
    /// When it was published, where it has waited for the sink.
    pub(super) received: Option<Timestamp>,
    pub(super) principal: S::Principal,
    pub(super) endpoint: Arc<Endpoint>,
}

impl<S: Services> Connection<S> {
    /// Publishes the will after its delay or when the session ends, whichever
    /// comes first; not at all if the session goes on before.
    pub(super) fn delay_will(
        self: Rc<Self>,
        worker: &Rc<WorkerContext<S>>,
        last: LastWill<S>,
        fate: oneshot::Receiver<WillFate>,
    ) {
        let delay = Duration::from_secs(last.will.delay.into());
        let worker = worker.clone();
        spawn_local(async move {
            // A sender that is gone tells that the session has ended.
            if let Ok(Ok(WillFate::Cancelled)) = tokio::time::timeout(delay, fate).await {
                return;
            }
            self.publish_will(&worker, last);
        });
    }

    /// The right is asked again: it may have been lost since CONNECT.
    pub(super) fn publish_will(self: &Rc<Self>, worker: &Rc<WorkerContext<S>>, last: LastWill<S>) {
        let (services, will) = (&worker.services, &*last.will);
        if services.access().still_admitted(&last.principal).is_err() {
            return;
        }
        match services
            .access()
            .publish_right(&last.principal, &will.topic)
        {
            Err(denial) => self.record_lost_will(worker, &last, &denial),
            Ok(PublishRight::Route) => {
                let message = Message {
                    qos: will.qos,
                    retain: will.retain,
                    properties: will.properties.clone(),
                    expires: will.expiry.and_then(|it| Instant::now().checked_add(it)),
                    ..Message::new(&*will.topic, will.payload.to_vec().into())
                };
                worker.shared.router.route(message, &last.endpoint);
            }
            // Nobody is left to be answered.
            Ok(PublishRight::Ask) => {}
            Ok(PublishRight::Telemetry) => self.stage_will(worker, last),
        }
    }

    fn stage_will(self: &Rc<Self>, worker: &Rc<WorkerContext<S>>, mut last: LastWill<S>) {
        let will = &*last.will;
        let properties = will.properties.as_properties();
        let staged = worker.services.sink().stage(
            &last.principal,
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
                received: last.received,
                signed: None,
            },
        );
        match staged {
            Ok(staged) => {
                worker.commits.stage(staged);
                worker.commits.owned_by_nobody(1);
            }
            Err(NotStaged::Later(preparation)) => {
                let sink = worker.services.sink();
                last.received = last.received.or_else(|| Some(sink.now()));
                let (connection, worker) = (self.clone(), worker.clone());
                spawn_local(async move {
                    match preparation.await {
                        Ok(()) => connection.publish_will(&worker, last),
                        Err(fault) => log_lost_will(&last, &fault),
                    }
                });
            }
            Err(NotStaged::Fault(SinkFault::Denied(denial))) => {
                self.record_lost_will(worker, &last, &denial);
            }
            // Its sender was let in a moment ago; the event of that tells.
            Err(NotStaged::Fault(SinkFault::NotAdmitted(_))) => {}
            Err(NotStaged::Fault(fault)) => log_lost_will(&last, &fault),
        }
    }

    fn record_lost_will(&self, worker: &WorkerContext<S>, last: &LastWill<S>, denial: &Denial) {
        worker.services.access().record(ConnectionEvent {
            login: Some(&last.endpoint.key.owner),
            peer: self.peer,
            listener: self.counters.listener,
            kind: EventKind::PublishDenied,
            reason: format!("its will: {}", denial.refusal.reason).into(),
            cure: denial.refusal.cure,
            head: &[],
        });
    }
}

fn log_lost_will<S: Services>(last: &LastWill<S>, fault: &SinkFault) {
    let login = &last.endpoint.key.owner;
    tracing::error!("a will of {login} was not stored: {}", with_causes(fault));
}
