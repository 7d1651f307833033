//! A caller's right for as long as a request takes: its body may come, a
//! stream may last, and a file be sent, long after the right has gone.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use device_registry::{Share, SharedWhat, Shares};
use domain::{AgencyId, Scope, Timestamp};
use http_edge::{Problem, ProblemKind};

use super::Caller;
use crate::state::{ApiState, Shared};

/// How often a right that ends by the clock is looked at: the clock may leap.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// When to ask again for what was read by a share that has ended, in seconds.
const ASK_AGAIN: u64 = 1;

/// The right of one request's caller.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    caller: Caller,
    /// What other agencies shared with it when it was let in, if it reads: what is
    /// read with that ends with it.
    shares: Shares,
}

impl Admission {
    /// Of a caller who changes something.
    pub(crate) fn of(caller: Caller) -> Self {
        Self {
            caller,
            shares: Shares::default(),
        }
    }

    /// Of a caller who reads.
    pub(crate) fn reading(caller: Caller, shared: &Shared) -> Self {
        let own = caller.reads();
        Self {
            shares: shared.registry.snapshot().shares_with(&own, shared.now()),
            caller,
        }
    }

    /// With which the gate let the request in.
    #[inline(never)]
    pub(super) fn known(parts: &Parts) -> Self {
        let known = parts.extensions.get::<Self>();
        known
            .cloned()
            .unwrap_or_else(|| Self::of(Caller::of(parts)))
    }

    /// To read what one agency has, and no other.
    pub(crate) fn for_data_of(mut self, agency: &AgencyId) -> Self {
        let of_agency = |share: &&Arc<Share>| share.giver == *agency;
        self.shares = self.shares.iter().filter(of_agency).cloned().collect();
        self
    }

    /// The agencies all of whose data the caller reads.
    pub(crate) fn reads(&self) -> Scope {
        self.caller.reads()
    }

    pub(crate) fn shares(&self) -> &Shares {
        &self.shares
    }

    /// Whether what is shared with the caller depends on who is in a group.
    pub(crate) fn follows_groups(&self) -> bool {
        let mut shares = self.shares.iter();
        shares.any(|share| matches!(share.what, SharedWhat::Group(_)))
    }

    /// Whether the caller still is who it was let in as, and what it was let in to
    /// read is still shared with it.
    pub(crate) fn holds(&self, shared: &Shared) -> bool {
        self.caller_stands(shared) && self.shares_stand(shared)
    }

    fn shares_stand(&self, shared: &Shared) -> bool {
        if self.shares.is_empty() {
            return true;
        }
        let (snapshot, now) = (shared.registry.snapshot(), shared.now());
        let mut shares = self.shares.iter();
        shares.all(|share| snapshot.still_shares(share, now))
    }

    fn caller_stands(&self, shared: &Shared) -> bool {
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
            let ends = [self.until(state), self.shared_until(state)];
            let wait = match ends.into_iter().flatten().min() {
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

    /// When the first share ends that the caller reads by.
    fn shared_until(&self, shared: &Shared) -> Option<Timestamp> {
        if self.shares.is_empty() {
            return None;
        }
        let snapshot = shared.registry.snapshot();
        let standing = self.shares.iter();
        let standing = standing.filter_map(|share| snapshot.share(&share.id));
        standing.filter_map(|share| share.until).min()
    }

    /// Why what came too late is not done.
    pub(crate) fn lost(&self, shared: &Shared) -> Problem {
        if self.caller_stands(shared) {
            return Problem::new(
                ProblemKind::UNAVAILABLE,
                "What another agency shares with yours has ended while this was read: ask again for what there is now.",
            )
            .retry_after(ASK_AGAIN);
        }
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

impl<S: Send + Sync> FromRequestParts<S> for Admission {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::known(parts))
    }
}
