//! From an admitted CONNECT to a served session: a new one, or one that goes on.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use super::Connection;
use super::greet::{Greeting, Turned};
use super::state::{Served, State};
use crate::access::{AccessControl, Admission, ConnectionEvent, EventKind, Realm};
use crate::listener::worker::{Seams, Worker};
use crate::mqtt::codec::Connect;
use crate::mqtt::directory::{Arrival, Joined, Wish, is_stored};
use crate::mqtt::router::{Endpoint, Seat};
use crate::mqtt::session::{Accepted, Keeping, Kept, Requested, Session, Subscription};
use crate::rate::Rate;
use crate::session_store::{Backlog, LogPosition, SessionChange, SessionKey};
use crate::stats::{AgencyCounters, Counter, RateMeter};

/// A CONNECT that was admitted and has no session yet.
pub(super) struct Admitted<C: Seams> {
    requested: Requested,
    principal: C::Principal,
    /// When its right to be connected ends by itself.
    until: Option<Instant>,
    realm: Realm,
    agency: Option<Arc<AgencyCounters>>,
    key: Arc<SessionKey>,
    /// The server chose the client id.
    assigned: bool,
    login: Option<Box<str>>,
    /// Since when it waits for the session.
    arrival: Option<Arrival>,
}

/// The session that a connection found.
struct Found {
    endpoint: Arc<Endpoint>,
    /// What was kept of it, and where it goes on with the log.
    kept: Option<(Kept, LogPosition)>,
    /// What the client is told of it.
    present: bool,
    /// The store still has an earlier session of that key.
    overwrites: bool,
}

impl<C: Seams> Admitted<C> {
    pub(super) fn new(
        worker: &Worker<C>,
        connect: &Connect<'_>,
        requested: Requested,
        admission: Admission<C::Principal>,
    ) -> Self {
        let assigned = connect.client_id.is_empty();
        let client_id = match assigned {
            true => worker.shared.new_client_id(),
            false => connect.client_id.to_owned(),
        };
        Self {
            requested,
            principal: admission.principal,
            until: instant_after(admission.lasts),
            realm: admission.realm,
            agency: admission.agency.map(|it| worker.shared.agency(it)),
            key: Arc::new(SessionKey {
                owner: admission.session_owner.into(),
                client_id: client_id.into(),
            }),
            assigned,
            login: connect.user_name.map(Into::into),
            arrival: None,
        }
    }

    fn wish(&self) -> Wish {
        Wish {
            clean_start: self.requested.clean_start,
            keeps: self.requested.session_expiry > 0,
            arrival: self.arrival,
        }
    }

    /// A newer connection has the session, or is about to: this one is served
    /// without any of it until it is told, a moment later. A will that was to
    /// wait for the next connection is not published, since that has come.
    fn give_way(&mut self) {
        self.requested.session_expiry = 0;
        self.requested.will.take_if(|it| it.delay > 0);
    }

    fn keeping(&self) -> Keeping {
        match is_stored(self.realm) && self.requested.session_expiry > 0 {
            true => Keeping::Store,
            false => Keeping::Memory,
        }
    }
}

impl<C: Seams> Connection<C> {
    pub(super) fn join(
        self: &Rc<Self>,
        state: &mut State<C>,
        worker: &Worker<C>,
        mut admitted: Admitted<C>,
        out: &mut Vec<u8>,
    ) {
        let end = worker.services.backlog.end();
        let config = worker.config();
        let make = |account| {
            let (key, realm) = (admitted.key.clone(), admitted.realm);
            Endpoint::new(key, realm, end, account, config)
        };
        let directory = &worker.shared.directory;
        let found = match directory.join(&admitted.key, &admitted.wish(), config, make) {
            Joined::Busy {
                endpoint,
                free,
                arrival,
            } => {
                worker.take_over(&endpoint);
                admitted.arrival = Some(arrival);
                let waiting = Greeting::Waiting { admitted, free };
                state.greeting = Some(Box::new(waiting));
                return state.wake();
            }
            Joined::Resumed { endpoint, waiting } => Found {
                endpoint,
                kept: Some((waiting.kept, waiting.next)),
                present: true,
                overwrites: false,
            },
            Joined::Full => {
                let turned = Turned::too_many_sessions(admitted.requested.protocol);
                return self.turn_away(state, worker, admitted.login.as_deref(), turned, out);
            }
            Joined::Superseded { endpoint } => {
                admitted.give_way();
                Found {
                    endpoint,
                    kept: None,
                    present: !admitted.requested.clean_start,
                    overwrites: false,
                }
            }
            Joined::Fresh {
                endpoint,
                replaced,
                ended,
            } => {
                let overwrites = replaced.is_some() || ended.is_some();
                if let Some(replaced) = replaced {
                    worker.take_over(&replaced);
                }
                if let Some(ended) = ended {
                    worker.forget_session(ended);
                }
                Found {
                    endpoint,
                    kept: None,
                    present: false,
                    overwrites,
                }
            }
        };
        self.serve(state, worker, admitted, found, out);
    }

    /// Goes on when the session is free.
    pub(super) fn poll_greeting(
        self: &Rc<Self>,
        state: &mut State<C>,
        worker: &Worker<C>,
        cx: &mut Context<'_>,
    ) {
        let Some(Greeting::Waiting { free, .. }) = state.greeting.as_deref_mut() else {
            return;
        };
        // An error is as good: who had the session is gone.
        if Pin::new(free).poll(cx) == Poll::Pending {
            return;
        }
        if let Some(Greeting::Waiting { admitted, .. }) = state.greeting.take().map(|it| *it) {
            let mut out = Vec::new();
            // The right to be connected may have been lost while it waited.
            match worker.services.access.still_admitted(&admitted.principal) {
                Ok(lasts) => {
                    let until = instant_after(lasts);
                    let admitted = Admitted { until, ..admitted };
                    self.join(state, worker, admitted, &mut out);
                }
                Err(refusal) => {
                    let turned = Turned::refused(admitted.requested.protocol, refusal);
                    self.turn_away(state, worker, admitted.login.as_deref(), turned, &mut out);
                }
            }
            self.counters.bytes_out.add(out.len() as u64);
            state.write(&out);
        }
    }

    fn serve(
        self: &Rc<Self>,
        state: &mut State<C>,
        worker: &Worker<C>,
        admitted: Admitted<C>,
        found: Found,
        out: &mut Vec<u8>,
    ) {
        let keeping = admitted.keeping();
        let mut connack = Vec::new();
        let accepted = Accepted {
            session_present: found.present,
            assigned: admitted.assigned.then_some(&admitted.key.client_id),
        };
        let config = worker.config();
        admitted.requested.accept(config, accepted, &mut connack);
        let endpoint = found.endpoint;
        let seat = Arc::new(self.seat(worker, &admitted));
        let resumed = found.kept.is_some();
        let (kept, next) = found.kept.unwrap_or_default();
        let requested = admitted.requested;
        let (clean, expiry) = (!resumed, requested.session_expiry);
        let shared = worker.shared.config.clone();
        let mut session = Session::new(shared, requested, keeping, kept, Instant::now());
        let mut denied = Vec::new();
        if resumed {
            denied = self.resume(worker, &mut session, &admitted.principal, &endpoint, next);
        }
        endpoint.sit(seat.clone());
        let position = endpoint.delivered(worker.shared.router.published());
        let mut changes = Vec::new();
        let stored = is_stored(admitted.realm);
        // A new session is rid of whatever is left under its key.
        let is_new = !resumed && (found.overwrites || keeping == Keeping::Store);
        if stored && (is_new || resumed && expiry == 0) {
            let key = admitted.key.clone();
            changes.push(SessionChange::Ended { key });
        }
        if keeping == Keeping::Store {
            changes.push(SessionChange::Attached {
                key: admitted.key.clone(),
                expiry,
                position,
            });
            changes.extend(denied.iter().map(|it| SessionChange::Unsubscribed {
                key: admitted.key.clone(),
                filter: it.name(),
            }));
        }
        self.counters.connects.add(1);
        self.counters.connections.add(1);
        if let Some(agency) = &seat.agency {
            agency.connects.add(1);
            agency.connections.add(1);
        }
        worker.services.access.record(ConnectionEvent {
            login: admitted.login.as_deref(),
            peer: self.peer,
            listener: self.counters.listener,
            kind: EventKind::Connected,
            reason: Cow::Borrowed(seat.protocol.as_str()),
            cure: "",
            head: &[],
        });
        let own = endpoint.clone();
        state.ticket = None;
        state.served = Some(Box::new(Served {
            session,
            principal: admitted.principal,
            admitted_until: admitted.until,
            filters: Rate::default(),
            endpoint,
            seat,
            retained: None,
            blocked: !clean,
            held: (!changes.is_empty()).then(|| std::mem::take(&mut connack)),
            is_reading_log: false,
            page_is_stale: false,
            challenge: None,
            saved: position,
            saved_at: Instant::now(),
            saved_sent: 0,
        }));
        out.extend_from_slice(&connack);
        if !changes.is_empty() {
            self.keep(worker, &own, changes, Vec::new());
        }
        // Who came before the seat was there could tell nobody.
        if worker.shared.directory.is_wanted(&own) {
            worker.take_over(&own);
        }
        if resumed {
            state.wake();
        }
    }

    /// Takes up a session where it was left: rights are asked again, since
    /// they may have been lost meanwhile. Returns what was denied.
    fn resume(
        &self,
        worker: &Worker<C>,
        session: &mut Session,
        principal: &C::Principal,
        endpoint: &Arc<Endpoint>,
        next: LogPosition,
    ) -> Vec<Subscription> {
        let access = &worker.services.access;
        let denied = session.authorise_again(|filter| access.subscribe_right(principal, filter));
        endpoint.release_subscriptions(denied.len());
        let router = &worker.shared.router;
        match is_stored(endpoint.realm) {
            true => {
                endpoint.fall_behind(next);
                router.subscribe_all(endpoint, session.subscriptions());
            }
            false => {
                router.unsubscribe_all(endpoint, &denied);
            }
        }
        denied
    }

    fn seat(&self, worker: &Worker<C>, admitted: &Admitted<C>) -> Seat {
        Seat {
            worker: worker.index,
            slot: self.slot,
            login: admitted.login.clone(),
            peer: self.peer,
            protocol: admitted.requested.protocol,
            keep_alive: admitted.requested.keep_alive,
            session_expiry: admitted.requested.session_expiry,
            since: SystemTime::now(),
            messages_in: Counter::default(),
            messages_out: Counter::default(),
            rate: RateMeter::new(Instant::now()),
            dropped: Counter::default(),
            listener: self.counters.clone(),
            agency: admitted.agency.clone(),
        }
    }
}

/// In so long from now, where there is an end that a clock can tell.
pub(super) fn instant_after(lasts: Option<Duration>) -> Option<Instant> {
    lasts.and_then(|it| Instant::now().checked_add(it))
}
