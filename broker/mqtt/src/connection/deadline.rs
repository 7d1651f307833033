//! What time and changed rights do to a connection. The worker looks at all of
//! its connections about once a second, so none needs a timer of its own.

use std::time::Instant;

use transport::{AccessControl, Refusal, RefusalKind, SubscribeRight};

use super::end::End;
use super::login::instant_after;
use super::state::State;
use super::{Connection, WorkerContext};
use crate::context::Services;

impl<S: Services> Connection<S> {
    pub(crate) fn check_deadlines(&self, worker: &WorkerContext<S>, now: Instant) {
        let state = &mut *self.state.borrow_mut();
        let config = worker.config();
        if state.is_over() {
            if state.closing_is_overdue(now) {
                state.abandon();
                state.wake();
            }
            return;
        }
        let stuck = state
            .stuck_since()
            .is_some_and(|since| now.duration_since(since) > config.write_deadline);
        if stuck {
            state.close(End::write_timeout());
            // It would not take the last words either.
            state.abandon();
            return;
        }
        let served = state.served.as_ref();
        if served.is_some_and(|it| it.admitted_until.is_some_and(|until| until <= now)) {
            return self.judge(state, worker);
        }
        let is_paused = state.is_paused(config);
        match &mut state.served {
            None if now.duration_since(state.accepted) > config.connect_deadline => {
                state.close(End::connect_timeout());
            }
            None => {}
            // A client that is not read cannot be blamed for its silence.
            Some(served) if !is_paused && served.session.deadline().is_some_and(|it| now > it) => {
                state.close(End::keep_alive_timeout());
            }
            Some(served) => {
                if is_paused {
                    // Nor in the moment after.
                    served.session.is_not_read(now);
                }
                let received = served.attachment.messages_in.get();
                served.attachment.rate.mark(received, now);
                self.save_position(worker, served, now);
            }
        }
    }

    /// How many rights it has to be asked for again.
    pub(crate) fn rights(&self) -> usize {
        let state = self.state.borrow();
        let served = state.served.as_ref();
        1 + served.map_or(0, |it| it.session.subscriptions().len())
    }

    /// Rights have changed: may it stay, and keep what it subscribed to?
    pub(crate) fn revalidate(&self, worker: &WorkerContext<S>) {
        self.judge(&mut self.state.borrow_mut(), worker);
    }

    fn judge(&self, state: &mut State<S>, worker: &WorkerContext<S>) {
        let access = worker.services.access();
        let Some(served) = &mut state.served else {
            return;
        };
        let lost = served.session.subscriptions().iter().find(|subscription| {
            let filter = subscription.filter.as_str();
            access.subscribe_right(&served.principal, filter) == SubscribeRight::Denied
        });
        let end = match (access.still_admitted(&served.principal), lost) {
            (Err(refusal), _) => End::revoked(refusal),
            (Ok(_), Some(subscription)) => {
                let filter = subscription.filter.as_str();
                let reason = format!("may no longer subscribe to {filter}");
                let refusal = Refusal::new(RefusalKind::NotAuthorized, reason);
                End::kicked(refusal.with_cure("give the right back, or leave the filter out"))
            }
            (Ok(lasts), None) => {
                served.admitted_until = instant_after(lasts);
                return;
            }
        };
        self.close_with(state, worker, end);
    }

    /// The platform stops: nothing more is read, and what was received is
    /// still acknowledged.
    pub(crate) fn stop(&self) {
        let state = &mut *self.state.borrow_mut();
        let pending = state
            .served
            .as_ref()
            .is_some_and(|it| it.session.pending() > 0);
        if pending {
            state.stopping = true;
        } else {
            state.close(End::shutdown());
        }
    }
}
