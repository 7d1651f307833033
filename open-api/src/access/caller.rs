//! The caller of a request, once it is known, and the roles that handlers ask for.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use device_registry::{Actor, ApiKey};
use domain::{Scope, Timestamp};
use http_edge::access::Session;
use http_edge::{Problem, ProblemKind};

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
}

impl Caller {
    /// Operators act for all agencies; everybody else is the public.
    pub(crate) fn viewer(&self) -> Viewer {
        Viewer(match self {
            Self::Operator { .. } => Scope::All,
            Self::Anonymous | Self::Application(_) => Scope::Public,
        })
    }

    /// Whose the changes are that this request makes.
    pub(crate) fn actor(&self) -> Actor {
        match self {
            Self::Operator { .. } => Actor::Operator,
            Self::Application(key) => Actor::Application(key.application.clone()),
            Self::Anonymous => Actor::Anonymous,
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

/// Only operators come past it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operator {
    pub(crate) until: Option<Timestamp>,
}

impl Operator {
    /// Whose the changes are that this request makes.
    pub(crate) fn actor(self) -> Actor {
        Actor::Operator
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, state).await? {
            Caller::Operator { session } => Ok(Self {
                until: session.map(|session| session.until),
            }),
            Caller::Anonymous => Err(Problem::new(
                ProblemKind::UNAUTHENTICATED,
                "This is for operators: send Authorization: Bearer with the operator's token, or log in at /ops.",
            )),
            Caller::Application(_) => Err(Problem::new(
                ProblemKind::FORBIDDEN,
                "This is for operators; an API key reads public data only.",
            )),
        }
    }
}
