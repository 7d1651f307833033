//! SUBSCRIBE and UNSUBSCRIBE: rights, the router, the store, and what is
//! retained.

use std::rc::Rc;
use std::sync::Arc;

use super::Connection;
use super::end::End;
use super::state::Served;
use crate::access::{AccessControl, ConnectionEvent, EventKind, Realm, SubscribeRight};
use crate::listener::worker::{Seams, Worker};
use crate::mqtt::codec::{ReasonCode, RetainHandling, Subscribe, Unsubscribe};
use crate::mqtt::message::{Delivery, Message};
use crate::mqtt::session::{DeliveryQueue, Granted, Keeping};
use crate::session_store::{Backlog, SessionChange};
use crate::sink::RetainedSource;

impl<C: Seams> Connection<C> {
    pub(super) fn subscribe(
        self: &Rc<Self>,
        served: &mut Served<C>,
        worker: &Worker<C>,
        subscribe: &Subscribe<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), End> {
        let access = &worker.services.access;
        let Served {
            session,
            principal,
            endpoint,
            seat,
            ..
        } = served;
        let right = |filter: &str| {
            if access.subscribe_right(principal, filter) == SubscribeRight::Granted {
                return Ok(());
            }
            access.record(ConnectionEvent {
                login: seat.login.as_deref(),
                peer: self.peer,
                listener: self.counters.listener,
                kind: EventKind::SubscribeDenied,
                reason: format!("may not subscribe to {filter}").into(),
                cure: "an API key subscribes below open/, a device to its own topics",
                head: &[],
            });
            Err(match endpoint.realm {
                Realm::Platform => ReasonCode::NOT_AUTHORIZED,
                // What conformance suites look for.
                Realm::Unprotected => ReasonCode::UNSPECIFIED_ERROR,
            })
        };
        let since = worker.services.backlog.end();
        let mut suback = Vec::new();
        let granted = session
            .subscribe(subscribe, since, right, &mut suback)
            .map_err(End::violation)?;
        for it in &granted {
            worker.shared.router.subscribe(endpoint, &it.subscription);
        }
        match session.keeping() {
            Keeping::Store if !granted.is_empty() => {
                let changes = granted.iter().map(|it| SessionChange::Subscribed {
                    key: endpoint.key.clone(),
                    subscription: it.subscription.stored(),
                });
                self.keep(worker, endpoint, changes.collect(), suback);
            }
            Keeping::Store | Keeping::Memory => out.extend_from_slice(&suback),
        }
        served.page_is_stale |= served.is_reading_log && granted.iter().any(|it| it.is_new);
        for it in &granted {
            self.queue_retained(served, worker, it);
        }
        Ok(())
    }

    pub(super) fn unsubscribe(
        self: &Rc<Self>,
        served: &mut Served<C>,
        worker: &Worker<C>,
        unsubscribe: &Unsubscribe<'_>,
        out: &mut Vec<u8>,
    ) {
        let mut unsuback = Vec::new();
        let removed = served.session.unsubscribe(unsubscribe, &mut unsuback);
        for subscription in &removed {
            let router = &worker.shared.router;
            router.unsubscribe(&served.endpoint, subscription);
        }
        match served.session.keeping() {
            Keeping::Store if !removed.is_empty() => {
                let changes = removed.iter().map(|it| SessionChange::Unsubscribed {
                    key: served.endpoint.key.clone(),
                    filter: it.name(),
                });
                self.keep(worker, &served.endpoint, changes.collect(), unsuback);
            }
            Keeping::Store | Keeping::Memory => out.extend_from_slice(&unsuback),
        }
    }

    fn queue_retained(&self, served: &mut Served<C>, worker: &Worker<C>, granted: &Granted) {
        let subscription = &granted.subscription;
        let wanted = match subscription.options.retain_handling {
            RetainHandling::Always => true,
            RetainHandling::OnlyIfNew => granted.is_new,
            RetainHandling::Never => false,
        };
        // MQTT 5.0, 4.8.2: nothing retained is sent to a group.
        if !wanted || subscription.group.is_some() {
            return;
        }
        let config = worker.config();
        let mut queue = served.retained.take();
        let mut dropped = 0;
        let mut push = |message: Arc<Message>| {
            let queue = queue.get_or_insert_with(|| {
                let new = DeliveryQueue::new(config.retained_messages, config.retained_bytes);
                Box::new(new)
            });
            dropped += queue.push(Delivery {
                qos: subscription.options.qos.min(message.qos),
                message,
                retain: true,
                shared: false,
                subscription_ids: subscription.id.into_iter().collect(),
            });
        };
        let filter = &subscription.filter;
        match served.endpoint.realm {
            Realm::Unprotected => {
                let router = &worker.shared.router;
                router.retained(filter, |message| push(message.clone()));
            }
            Realm::Platform => {
                let source = &worker.services.retained;
                source.retained(&served.principal, filter, &mut |topic, payload| {
                    push(Message::new(topic, payload).into());
                });
            }
        }
        served.retained = queue;
        served.seat.drop_counted(dropped);
    }
}
