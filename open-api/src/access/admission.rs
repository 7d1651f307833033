//! A caller's right for as long as a request takes: its body may come, a
//! stream may last, and a file be sent, long after the right has gone.

use std::time::Duration;

use domain::Timestamp;
use http_edge::{Problem, ProblemKind};

use super::Caller;
use crate::state::{ApiState, Shared};

/// How often a right that ends by the clock is looked at: the clock may leap.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// The right of one request's caller.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    caller: Caller,
}

impl Admission {
    pub(crate) fn of(caller: Caller) -> Self {
        Self { caller }
    }

    /// Whether the caller still is who it was let in as.
    pub(crate) fn holds(&self, shared: &Shared) -> bool {
        let now = shared.now();
        match &self.caller {
            // The operator's token is read once, when the platform starts.
            Caller::Anonymous | Caller::Operator { session: None } => true,
            Caller::Operator {
                session: Some(session),
            }
            | Caller::Person { session, .. } => shared.sessions.end_of(session, now).is_some(),
            Caller::Application(key) => shared
                .registry
                .snapshot()
                .api_key(key.id.as_str())
                .is_some_and(|key| key.live(now)),
            Caller::ServiceToken { token, .. } => {
                let snapshot = shared.registry.snapshot();
                let standing = snapshot.service_token(token.id.as_str());
                standing.is_some_and(|standing| now < standing.until)
            }
        }
    }

    /// Resolves once the right has gone.
    pub(crate) async fn gone(&self, state: &ApiState) {
        let mut changes = state.rights.watch();
        loop {
            changes.mark_unchanged();
            if !self.holds(state) {
                return;
            }
            let wait = match self.until(state) {
                Some(end) => left(end, state.now()).min(LOOK_AGAIN),
                None => LOOK_AGAIN,
            };
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// A session's end moves as it is used.
    fn until(&self, shared: &Shared) -> Option<Timestamp> {
        match &self.caller {
            Caller::Anonymous | Caller::Operator { session: None } => None,
            Caller::Operator {
                session: Some(session),
            }
            | Caller::Person { session, .. } => shared.sessions.end_of(session, shared.now()),
            Caller::Application(key) => key.expires,
            Caller::ServiceToken { token, .. } => Some(token.until),
        }
    }

    /// Why what came too late is not done.
    pub(crate) fn lost(&self) -> Problem {
        let detail = match &self.caller {
            Caller::Application(_) => {
                "The key was revoked or has expired while the request was on its way: nothing was done."
            }
            Caller::ServiceToken { .. } => {
                "The service token was removed or has expired while the request was on its way: nothing was done."
            }
            Caller::Anonymous | Caller::Operator { .. } | Caller::Person { .. } => {
                "The session has ended while the request was on its way: nothing was done. Log in again."
            }
        };
        Problem::new(ProblemKind::UNAUTHENTICATED, detail)
    }
}

fn left(end: Timestamp, now: Timestamp) -> Duration {
    let micros = end.as_micros().saturating_sub(now.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
