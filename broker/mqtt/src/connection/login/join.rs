//! From an admitted CONNECT to a served session: a new one, or one that goes on.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use transport::{
    AccessControl, Admission, Backlog, ConnectionEvent, EventKind, LogPosition, MessageSink, Realm,
    SessionChange, SessionKey,
};

use super::greet::{Greeting, Turned};
use crate::codec::Connect;
use crate::connection::state::{Served, State};
use crate::connection::{Connection, WorkerContext};
use crate::context::Services;
use crate::directory::{Arrival, JoinRequest, Joined, is_stored};
use crate::limits::Rate;
use crate::router::{Attachment, Endpoint};
use crate::session::{Accepted, Keeping, Kept, Requested, Session, Subscription};
use crate::stats::{AgencyCounters, Counter, RateMeter};

/// A CONNECT that was admitted and has no session yet.
pub(in crate::connection) struct Admitted<S: Services> {
    requested: Requested,
    principal: S::Principal,
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

impl<S: Services> Admitted<S> {
    pub(in crate::connection) fn new(
        worker: &WorkerContext<S>,
        connect: &Connect<'_>,
        requested: Requested,
        admission: Admission<S::Principal>,
    ) -> Self {
        let assigned = connect.client_id.is_empty();
        let client_id = if assigned {
            worker.shared.new_client_id()
        } else {
            connect.client_id.to_owned()
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

    fn join_request(&self) -> JoinRequest {
        JoinRequest {
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
        if is_stored(self.realm) && self.requested.session_expiry > 0 {
            Keeping::Store
        } else {
            Keeping::Memory
        }
    }
}

impl<S: Services> Connection<S> {
    pub(in crate::connection) fn join(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        mut admitted: Admitted<S>,
        out: &mut Vec<u8>,
    ) {
        let end = worker.services.backlog().end();
        let config = worker.config();
        let make = |account| {
            let (key, realm) = (admitted.key.clone(), admitted.realm);
            Endpoint::new(key, realm, end, account, config)
        };
        let directory = &worker.shared.directory;
        let found = match directory.join(&admitted.key, &admitted.join_request(), config, make) {
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
    pub(in crate::connection) fn poll_greeting(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
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
            match worker.services.access().still_admitted(&admitted.principal) {
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
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        admitted: Admitted<S>,
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
        let attachment = Arc::new(self.attachment(worker, &admitted));
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
        endpoint.attach(attachment.clone());
        let position = endpoint.delivered(worker.shared.router.published());
        let changes = if is_stored(admitted.realm) {
            // A new session is rid of whatever is left under its key.
            let is_new = !resumed && (found.overwrites || keeping == Keeping::Store);
            let ends = is_new || resumed && expiry == 0;
            let attached = (keeping == Keeping::Store).then_some((expiry, position));
            store_changes(&admitted.key, ends, attached, &denied)
        } else {
            Vec::new()
        };
        let login = admitted.login.as_deref();
        self.count_in(worker, login, &attachment);
        let own = endpoint.clone();
        state.ticket = None;
        state.served = Some(Box::new(Served {
            session,
            principal: admitted.principal,
            admitted_until: admitted.until,
            filters: Rate::default(),
            endpoint,
            attachment,
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
        // Who came before it was attached could tell nobody.
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
        worker: &WorkerContext<S>,
        session: &mut Session,
        principal: &S::Principal,
        endpoint: &Arc<Endpoint>,
        next: LogPosition,
    ) -> Vec<Subscription> {
        let access = worker.services.access();
        let denied = session.authorise_again(|filter| access.subscribe_right(principal, filter));
        endpoint.release_subscriptions(denied.len());
        let router = &worker.shared.router;
        if is_stored(endpoint.realm) {
            endpoint.catch_up_from(next);
            router.subscribe_all(endpoint, session.subscriptions());
        } else {
            router.unsubscribe_all(endpoint, &denied);
        }
        denied
    }

    fn count_in(&self, worker: &WorkerContext<S>, login: Option<&str>, attachment: &Attachment) {
        self.counters.connects.add(1);
        self.counters.connections.add(1);
        if let Some(agency) = &attachment.agency {
            agency.connects.add(1);
            agency.connections.add(1);
        }
        worker.services.access().record(ConnectionEvent {
            login,
            peer: self.peer,
            listener: self.counters.listener,
            kind: EventKind::Connected,
            reason: Cow::Borrowed(attachment.protocol.as_str()),
            cure: "",
            head: &[],
        });
    }

    fn attachment(&self, worker: &WorkerContext<S>, admitted: &Admitted<S>) -> Attachment {
        Attachment {
            worker: worker.index,
            slot: self.slot,
            login: admitted.login.clone(),
            peer: self.peer,
            protocol: admitted.requested.protocol,
            keep_alive: admitted.requested.keep_alive,
            session_expiry: admitted.requested.session_expiry,
            since: worker.services.sink().now(),
            messages_in: Counter::default(),
            messages_out: Counter::default(),
            rate: RateMeter::new(Instant::now()),
            dropped: Counter::default(),
            listener: self.counters.clone(),
            agency: admitted.agency.clone(),
        }
    }
}

/// What the store is told of a session that a connection has now: whether the
/// one before it ends, the expiry and position of one that is kept, and the
/// subscriptions that it has lost.
fn store_changes(
    key: &Arc<SessionKey>,
    ends: bool,
    attached: Option<(u32, LogPosition)>,
    denied: &[Subscription],
) -> Vec<SessionChange> {
    let mut changes = Vec::new();
    if ends {
        changes.push(SessionChange::Ended { key: key.clone() });
    }
    if let Some((expiry, position)) = attached {
        changes.push(SessionChange::Attached {
            key: key.clone(),
            expiry,
            position,
        });
        changes.extend(denied.iter().map(|it| SessionChange::Unsubscribed {
            key: key.clone(),
            filter: it.name(),
        }));
    }
    changes
}

/// In so long from now, where there is an end that a clock can tell.
pub(in crate::connection) fn instant_after(lasts: Option<Duration>) -> Option<Instant> {
    lasts.and_then(|it| Instant::now().checked_add(it))
}
