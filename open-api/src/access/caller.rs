//! The caller of a request, once it is known, and the roles that handlers ask for.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use device_registry::{Actor, ApiKey, Means, Who};
use domain::{Scope, Timestamp};
use http_edge::access::Session;
use http_edge::request::Arrival;
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

    /// Whose the changes are that this request makes, which came from `client`.
    pub(crate) fn actor(&self, client: Option<IpAddr>) -> Actor {
        let (who, means) = match self {
            Self::Operator { session: None } => (Who::Operator, Means::Token),
            Self::Operator { session: Some(_) } => (Who::Operator, Means::Session),
            Self::Application(key) => (
                Who::Application(key.application.clone()),
                Means::ApiKey(key.id.clone()),
            ),
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

/// Only operators come past it.
#[derive(Clone, Debug)]
pub(crate) struct Operator {
    pub(crate) until: Option<Timestamp>,
    actor: Actor,
}

impl Operator {
    /// Whose the changes are that this request makes.
    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        match &caller {
            Caller::Operator { session } => {
                let arrival = parts.extensions.get::<Arrival>();
                Ok(Self {
                    until: session.as_ref().map(|session| session.until),
                    actor: caller.actor(arrival.map(|arrival| arrival.client)),
                })
            }
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
