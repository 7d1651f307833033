//! The caller of a request, once it is known.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use device_registry::{Actor, ApiKey, Means, Permission, Rights, ServiceToken, Who};
use domain::Timestamp;
use http_edge::Problem;
use http_edge::access::Session;

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
            Self::ServiceToken { rights, .. } => rights,
            Self::Anonymous | Self::Application(_) => &NONE,
        }
    }

    /// When what it proves itself with ends, if it does.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Anonymous => None,
            Self::Operator { session } => session.as_ref().map(|session| session.until),
            Self::Application(key) => key.expires,
            Self::ServiceToken { token, .. } => Some(token.until),
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
