//! The caller of a request, once it is known.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use device_registry::{Actor, ApiKey, Means, Permission, Rights, ServiceToken, Who};
use http_edge::{Problem, ProblemKind};

use super::holder::Session;
use super::{LoggedIn, SessionHolder};
use crate::params::Viewer;

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

    pub(crate) fn viewer(&self) -> Viewer {
        Viewer(self.rights().scope(Permission::ReadData))
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
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or(Self::Anonymous))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Caller::from_request_parts(parts, state).await?.viewer())
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

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, state).await? {
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
