//! The caller of a request, once it is known.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use device_registry::{Actor, ApiKey, Means, Permission, Rights, ServiceToken, Who};
use domain::{PersonId, Scope, Timestamp};
use http_edge::{Problem, ProblemKind};

use super::holder::Session;
use super::{LoggedIn, SessionHolder};

/// The Principal of a request.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    Anonymous,
    Application(Arc<ApiKey>),
    Operator {
        /// None for the token itself.
        session: Option<Session>,
    },
    /// Somebody who has logged in by name.
    Person {
        of: LoggedIn,
        session: Session,
    },
    ServiceToken {
        token: Arc<ServiceToken>,
        /// Of the snapshot that the token was found in.
        rights: Arc<Rights>,
    },
}

/// How long a login counts as a fresh proof.
const JUST_LOGGED_IN_MICROS: i64 = 5 * 60 * 1_000_000;

/// Of the operator's token: all that there is.
static ALL: Rights = Rights::ALL;
static NONE: Rights = Rights::NONE;

impl Caller {
    /// What it may beyond what everybody may.
    pub(crate) fn rights(&self) -> &Rights {
        match self {
            Self::Operator { .. } => &ALL,
            Self::Person { of, .. } => &of.rights,
            Self::ServiceToken { rights, .. } => rights,
            Self::Anonymous | Self::Application(_) => &NONE,
        }
    }

    /// The session that asks, if one does.
    fn session(&self) -> Option<&Session> {
        match self {
            Self::Operator { session } => session.as_ref(),
            Self::Person { session, .. } => Some(session),
            Self::Anonymous | Self::Application(_) | Self::ServiceToken { .. } => None,
        }
    }

    /// Refuses a session that was opened long ago: by one that was left open, or
    /// was stolen, nobody gives rights away or takes an account over.
    pub(super) fn has_just_logged_in(&self, now: Timestamp) -> Result<(), Problem> {
        let opened = self.session().map(|session| session.opened.as_micros());
        if opened.is_none_or(|opened| now.as_micros() - opened <= JUST_LOGGED_IN_MICROS) {
            return Ok(());
        }
        Err(Problem::new(
            ProblemKind::FORBIDDEN,
            "This needs a login within the last 5 minutes: log in again, and repeat it.",
        )
        .with("code", "login-again"))
    }

    /// Whether it is this person.
    pub(super) fn is_person(&self, id: &PersonId) -> bool {
        matches!(self, Self::Person { of, .. } if of.person.id == *id)
    }

    /// The agencies all of whose data it reads.
    pub(crate) fn reads(&self) -> Scope {
        self.rights().scope(Permission::ReadData)
    }

    /// Whose the changes are that this request makes, which came from `client`.
    pub(crate) fn actor(&self, client: Option<IpAddr>) -> Actor {
        let (who, means) = match self {
            Self::Operator { session: None } => (Who::Operator, Means::Token),
            Self::Operator { session: Some(_) } => (Who::Operator, Means::Session),
            Self::Person { of, .. } => (Who::Person(of.person.id.clone()), Means::Session),
            Self::Application(key) => (
                Who::Application(key.application.clone()),
                Means::ApiKey(key.id.clone()),
            ),
            Self::ServiceToken { token, .. } => (Who::ServiceToken(token.id.clone()), Means::Token),
            Self::Anonymous => (Who::Anonymous, Means::NoProof),
        };
        Actor {
            who,
            address: client,
            means,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::of(parts))
    }
}

impl Caller {
    /// Whom the gate let in with the request. Not a part of each handler that
    /// asks: there are a hundred.
    #[inline(never)]
    pub(super) fn of(parts: &Parts) -> Self {
        let known = parts.extensions.get::<Self>();
        known.cloned().unwrap_or(Self::Anonymous)
    }
}

/// Whoever has logged in, and the session that asks if one does.
#[derive(Clone, Debug)]
pub(crate) struct Holding {
    pub(crate) holder: SessionHolder,
    pub(crate) session: Option<Session>,
}

impl<S: Send + Sync> FromRequestParts<S> for Holding {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Caller::of(parts) {
            Caller::Operator { session } => Ok(Self {
                holder: SessionHolder::Token,
                session,
            }),
            Caller::Person { session, .. } => Ok(Self {
                holder: session.holder.clone(),
                session: Some(session),
            }),
            Caller::ServiceToken { .. } | Caller::Application(_) => Err(Problem::new(
                ProblemKind::FORBIDDEN,
                "A program has no session: this is for people.",
            )),
            Caller::Anonymous => Err(Problem::new(
                ProblemKind::UNAUTHENTICATED,
                "Nobody is logged in: log in at /ops, or send Authorization: Bearer with the operator's token.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_edge::access::{Place, Sessions};

    use super::*;

    #[test]
    fn an_old_session_is_no_fresh_proof_and_a_token_is_one_each_time() {
        let sessions = Sessions::new(|| {});
        let place = Place {
            client: [127, 0, 0, 1].into(),
            agent: String::new(),
        };
        let at = Timestamp::from_micros;
        let opened = sessions
            .open(SessionHolder::Token, place, at(0), at(0))
            .unwrap();
        let by_session = Caller::Operator {
            session: Some(opened.1),
        };
        let fresh = |caller: &Caller, micros| caller.has_just_logged_in(at(micros)).is_ok();
        assert!(fresh(&by_session, JUST_LOGGED_IN_MICROS));
        assert!(!fresh(&by_session, JUST_LOGGED_IN_MICROS + 1));
        let by_token = Caller::Operator { session: None };
        assert!(fresh(&by_token, JUST_LOGGED_IN_MICROS + 1));
    }
}
