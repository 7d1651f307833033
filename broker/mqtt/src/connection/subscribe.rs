//! SUBSCRIBE and UNSUBSCRIBE: rights, the router, the store, and what is
//! retained.
//!
//! What one packet costs is bounded by its different filters
//! (`Config::filters_per_packet`); what is retained goes out in turns
//! afterwards, and who asks again and again is read more slowly.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use transport::{
    AccessControl, Backlog, ConnectionEvent, EventKind, Realm, SessionChange, SubscribeRight,
};

use super::end::End;
use super::receive::Batch;
use super::state::Served;
use super::{Connection, WorkerContext};
use crate::codec::{ReasonCode, Subscribe, Unsubscribe};
use crate::context::Services;
use crate::session::Keeping;

/// The longest that a connection is not read after one packet: its client
/// still gets an answer to a ping before most give up.
const MOST_REST: Duration = Duration::from_secs(10);

impl<S: Services> Connection<S> {
    pub(super) fn subscribe(
        self: &Rc<Self>,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        subscribe: &Subscribe<'_>,
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) -> Result<(), End> {
        let started = Instant::now();
        let access = worker.services.access();
        let Served {
            session,
            principal,
            endpoint,
            ..
        } = served;
        let (denied, first) = (Cell::new(0), Cell::new(None));
        let right = |filter: &str| {
            if access.subscribe_right(principal, filter) == SubscribeRight::Granted {
                return Ok(());
            }
            if denied.replace(denied.get() + 1) == 0 {
                first.set(Some(filter.to_owned()));
            }
            Err(match endpoint.realm {
                Realm::Platform => ReasonCode::NOT_AUTHORIZED,
                // What conformance suites look for.
                Realm::Unprotected => ReasonCode::UNSPECIFIED_ERROR,
            })
        };
        let room = || endpoint.take_subscription(worker.config());
        let since = worker.services.backlog().end();
        let mut suback = Vec::new();
        let subscribed = session
            .subscribe(subscribe, since, right, room, &mut suback)
            .map_err(End::violation)?;
        let granted = subscribed.granted;
        let router = &worker.shared.router;
        router.subscribe_all(endpoint, granted.iter().map(|it| &it.subscription));
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
        if let Some(first) = first.take() {
            self.record_denied(served, worker, &first, denied.get());
        }
        self.look_for_retained(served, &granted);
        self.count_filters(served, worker, subscribed.looked_at, batch);
        worker.shared.work.subscribed(started.elapsed());
        Ok(())
    }

    pub(super) fn unsubscribe(
        self: &Rc<Self>,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        unsubscribe: &Unsubscribe<'_>,
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) {
        let mut unsuback = Vec::new();
        let removed = served.session.unsubscribe(unsubscribe, &mut unsuback);
        let router = &worker.shared.router;
        router.unsubscribe_all(&served.endpoint, &removed);
        served.endpoint.release_subscriptions(removed.len());
        self.forget_retained(served, &removed);
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
        self.count_filters(served, worker, removed.len().max(1), batch);
    }

    /// One event for a packet, however many of its filters are denied.
    fn record_denied(
        &self,
        served: &Served<S>,
        worker: &WorkerContext<S>,
        first: &str,
        denied: usize,
    ) {
        let reason = match denied {
            1 => format!("may not subscribe to {first}"),
            _ => format!(
                "may not subscribe to {first}, nor to {} more filters of the packet",
                denied - 1
            ),
        };
        worker.services.access().record(ConnectionEvent {
            login: served.attachment.login.as_deref(),
            peer: self.peer,
            listener: self.counters.listener,
            kind: EventKind::SubscribeDenied,
            reason: reason.into(),
            cure: "an API key subscribes below open/, a device to its own topics",
            head: &[],
        });
    }

    /// Who subscribes or leaves faster than it may is not read for a while.
    fn count_filters(
        &self,
        served: &Served<S>,
        worker: &WorkerContext<S>,
        filters: usize,
        batch: &mut Batch,
    ) {
        // Conformance suites do as they like, and nobody else is there.
        if served.endpoint.realm == Realm::Unprotected {
            return;
        }
        let config = worker.config();
        let now = worker.shared.nanos(Instant::now());
        let (filters, account) = (filters.max(1) as u64, &served.endpoint.account);
        let own = served.filters.take(filters, now, config.filter_pace());
        let of_all = account
            .filters
            .take(filters, now, config.account_filter_pace());
        batch.rest = batch.rest.max(own).max(of_all).map(|it| it.min(MOST_REST));
    }
}
