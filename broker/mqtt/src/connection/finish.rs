//! After the last packet: what becomes of the session and its will, the
//! record, the last bytes.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use transport::{AccessControl, ConnectionEvent, EventKind, LogPosition, SessionChange};

use super::end::End;
use super::state::{Served, State};
use super::will::LastWill;
use super::{Connection, WorkerContext};
use crate::context::Services;
use crate::directory::{Waiting, WillFate, is_stored};
use crate::router::Endpoint;
use crate::session::{Keeping, Kept, Session};
use crate::stream::Stream;

/// How long a peer has to take the last words and close.
const LINGER: Duration = Duration::from_secs(2);
/// What it may still send meanwhile, in bytes.
const LINGER_BYTES: usize = 1024 * 1024;

impl<S: Services> Connection<S> {
    /// Records the end, lets the session and the will go, and closes the
    /// socket gently.
    pub(crate) async fn finish(self: &Rc<Self>, worker: &Rc<WorkerContext<S>>) {
        let (end, served) = {
            let state = &mut *self.state.borrow_mut();
            state.ticket = None;
            state.greeting = None;
            state.postponed = None;
            Self::leave_held_back(state, worker);
            (state.take_end(), state.served.take())
        };
        let Some(end) = end else { return };
        if !end.is_recorded {
            self.record(worker, &end, served.as_deref());
        }
        if let Some(served) = served {
            self.count_out(&served);
            self.let_go(worker, *served, &end);
        }
        // Its own messages may keep the connection a while, waiting to be
        // durable; its socket they do not keep.
        if end.kind != EventKind::Disconnected || end.code.is_some() {
            self.linger().await;
        }
        self.state.borrow_mut().stream = Stream::Closed;
    }

    async fn linger(&self) {
        self.state.borrow_mut().stream.say_end();
        let mut left = LINGER_BYTES;
        let peer_closed = poll_fn(|cx| {
            let state = &mut *self.state.borrow_mut();
            state.stream.poll_waste(cx, &mut left)
        });
        // It is as good as closed: whether the peer was quick is no matter.
        let _ = tokio::time::timeout(LINGER, peer_closed).await;
    }

    /// For a task that is dropped without [`Self::finish`].
    pub(crate) fn release_dropped(&self, worker: &WorkerContext<S>) {
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return;
        };
        Self::leave_held_back(&mut state, worker);
        if let Some(served) = state.served.take() {
            let router = &worker.shared.router;
            router.unsubscribe_all(&served.endpoint, served.session.subscriptions());
            worker.shared.directory.leave(&served.endpoint);
            self.count_out(&served);
        }
    }

    fn count_out(&self, served: &Served<S>) {
        self.counters.connections.subtract(1);
        if let Some(agency) = &served.attachment.agency {
            agency.connections.subtract(1);
        }
    }

    /// The session waits for the next connection, or ends.
    fn let_go(self: &Rc<Self>, worker: &Rc<WorkerContext<S>>, served: Served<S>, end: &End) {
        let Served {
            mut session,
            principal,
            endpoint,
            ..
        } = served;
        let admitted = worker.services.access().still_admitted(&principal).is_ok();
        let will = session.take_will().filter(|_| !end.forgets_will);
        let last = will.map(|will| LastWill {
            received: None,
            will,
            principal,
            endpoint: endpoint.clone(),
        });
        // Another connection may have begun a new session in its place.
        let is_its_own = worker.shared.directory.has(&endpoint);
        let keeps = session.expiry() > 0 && !end.forgets_session && admitted && is_its_own;
        if !keeps {
            self.end_session(worker, session, &endpoint);
            if let Some(last) = last {
                self.publish_will(worker, last);
            }
            return;
        }
        let delayed = last.as_ref().is_some_and(|it| it.will.delay > 0);
        let (fate, known) = oneshot::channel();
        let fate = delayed.then_some(fate);
        self.leave_waiting(worker, session, &endpoint, fate);
        // Whoever ends the sessions of those who have lost their right may have
        // looked before this one waited, and after it was asked about above.
        let owner = &endpoint.key.owner;
        if is_stored(endpoint.realm) && worker.services.access().owner_admitted(owner).is_err() {
            worker.purge(owner);
        }
        match last {
            Some(last) if delayed => self.clone().delay_will(worker, last, known),
            Some(last) => self.publish_will(worker, last),
            None => {}
        }
    }

    fn end_session(&self, worker: &WorkerContext<S>, session: Session, endpoint: &Arc<Endpoint>) {
        let router = &worker.shared.router;
        let keeping = session.keeping();
        let mut kept = session.into_kept();
        let published = router.unsubscribe_all(endpoint, &kept.subscriptions);
        let (_, queued) = endpoint.detach(published);
        let mut left = kept.take_shared();
        left.extend(queued);
        worker.pass_on(endpoint.realm, &kept.subscriptions, left);
        if keeping == Keeping::Store {
            // Before the key is free: what the next session saves comes later.
            let key = endpoint.key.clone();
            worker.save_for(endpoint, SessionChange::Ended { key });
        }
        worker.shared.directory.leave(endpoint);
    }

    fn leave_waiting(
        &self,
        worker: &WorkerContext<S>,
        session: Session,
        endpoint: &Arc<Endpoint>,
        will: Option<oneshot::Sender<WillFate>>,
    ) {
        let router = &worker.shared.router;
        let expiry = session.expiry();
        let kept = session.into_kept();
        let next = if is_stored(endpoint.realm) {
            self.leave_log(worker, &kept, endpoint, expiry)
        } else {
            endpoint.detach(router.published()).0
        };
        let mut waiting = Waiting::new(kept, next, Duration::from_secs(expiry.into()));
        waiting.will = will;
        let directory = &worker.shared.directory;
        let gone = |ended: &Endpoint| worker.save_end(ended);
        for ended in directory.wait(endpoint, waiting, worker.config(), gone) {
            worker.forget_session(ended);
        }
    }

    /// Nothing of the log reaches the session until it is back. Returns where
    /// it goes on then.
    fn leave_log(
        &self,
        worker: &WorkerContext<S>,
        kept: &Kept,
        endpoint: &Arc<Endpoint>,
        expiry: u32,
    ) -> LogPosition {
        let router = &worker.shared.router;
        let published = router.unsubscribe_all(endpoint, &kept.subscriptions);
        let (next, queued) = endpoint.detach(published);
        worker.pass_on(endpoint.realm, &kept.subscriptions, queued);
        let in_flight = kept.oldest_in_flight();
        let detached = SessionChange::Detached {
            key: endpoint.key.clone(),
            expiry,
            position: in_flight.map_or(next, |it| it.min(next)),
        };
        // Before the session waits: what the next connection saves comes later.
        worker.save_for(endpoint, detached);
        next
    }

    /// Ends the connection, and records it before the peer is told: whoever
    /// learns from the peer that it is out finds the reason.
    pub(super) fn close_with(&self, state: &mut State<S>, worker: &WorkerContext<S>, mut end: End) {
        if !state.is_over() {
            self.record(worker, &end, state.served.as_deref());
            end.is_recorded = true;
        }
        state.close(end);
    }

    fn record(&self, worker: &WorkerContext<S>, end: &End, served: Option<&Served<S>>) {
        let login = match served {
            Some(served) => served.attachment.login.as_deref(),
            None => end.login.as_deref(),
        };
        if served.is_none() && end.kind != EventKind::Refused {
            self.counters.unfinished.add(1);
        }
        let access = worker.services.access();
        let cure = match (end.kind, served) {
            (EventKind::TakenOver, Some(served)) => access.takeover_cure(&served.principal),
            _ => end.cure,
        };
        access.record(ConnectionEvent {
            login,
            peer: self.peer,
            listener: self.counters.listener,
            kind: end.kind,
            reason: (&*end.reason).into(),
            cure,
            head: &end.head,
        });
    }
}
