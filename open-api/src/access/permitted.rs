//! Who was let past the router's table, as handlers ask for it.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use device_registry::{Actor, Permission, Rights};
use domain::{AgencyId, PersonId, Scope, Timestamp};
use http_edge::Problem;
use http_edge::request::Arrival;

use super::needs::{Needed, missing_everywhere, missing_in, refused};
use super::{Admission, Caller};
use crate::params::Viewer;

/// A caller who is permitted what the operation needs, in some agency at least:
/// the handler asks in which.
#[derive(Clone, Debug)]
pub(crate) struct Permitted {
    caller: Caller,
    permission: Permission,
    actor: Actor,
}

impl Permitted {
    /// Whose the changes are that this request makes.
    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The caller's right for as long as the request takes.
    pub(crate) fn admission(&self) -> Admission {
        Admission::of(self.caller.clone())
    }

    /// Whether it is who holds the operator's token.
    pub(crate) fn is_operator(&self) -> bool {
        matches!(self.caller, Caller::Operator { .. })
    }

    /// Whether a program asks, by a service token.
    pub(crate) fn is_program(&self) -> bool {
        matches!(self.caller, Caller::ServiceToken { .. })
    }

    /// When the service token ends that asks, if one does.
    pub(crate) fn token_end(&self) -> Option<Timestamp> {
        match &self.caller {
            Caller::ServiceToken { token, .. } => Some(token.until),
            _ => None,
        }
    }

    /// What the caller reads of its own agencies.
    pub(crate) fn viewer(&self) -> Viewer {
        self.caller.reads().into()
    }

    pub(crate) fn rights(&self) -> &Rights {
        self.caller.rights()
    }

    /// Refuses a session that was opened long ago.
    pub(crate) fn has_just_logged_in(&self, now: Timestamp) -> Result<(), Problem> {
        self.caller.has_just_logged_in(now)
    }

    /// Whether it is this person who asks.
    pub(crate) fn is_person(&self, id: &PersonId) -> bool {
        self.caller.is_person(id)
    }

    /// The agencies in which it is permitted.
    pub(crate) fn scope(&self) -> Scope {
        self.rights().scope(self.permission)
    }

    /// Whether the caller sees the agency and its devices at all.
    pub(crate) fn sees(&self, agency: &AgencyId) -> bool {
        self.rights().allow(Permission::ReadDevices, agency)
    }

    /// Refuses where it is not permitted in `agency`, which the caller sees.
    pub(crate) fn in_agency(&self, agency: &AgencyId) -> Result<(), Problem> {
        self.also(self.permission, agency)
    }

    /// Refuses where `more` than what the operation always needs is not permitted
    /// in `agency`, which the caller sees.
    pub(crate) fn also(&self, more: Permission, agency: &AgencyId) -> Result<(), Problem> {
        if self.rights().allow(more, agency) {
            return Ok(());
        }
        Err(missing_in(more, agency))
    }

    /// Refuses where it is not permitted on the whole platform.
    pub(crate) fn everywhere(&self) -> Result<(), Problem> {
        if self.rights().allow_everywhere(self.permission) {
            return Ok(());
        }
        Err(missing_everywhere(self.permission))
    }

    /// In `owner`'s agency, or where that is the platform, everywhere.
    pub(crate) fn for_owner(&self, owner: Option<&AgencyId>) -> Result<(), Problem> {
        owner.map_or_else(|| self.everywhere(), |agency| self.in_agency(agency))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Permitted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(parts)
    }
}

impl Permitted {
    /// Not a part of each handler that asks, as [`Caller::of`].
    #[inline(never)]
    fn of(parts: &Parts) -> Result<Self, Problem> {
        let caller = Caller::of(parts);
        // A path whose need the router does not say is the platform's alone.
        let needed = parts.extensions.get::<Needed>();
        let permission = needed.map_or(Permission::ManagePlatform, |needed| needed.0);
        if !caller.rights().allow_somewhere(permission) {
            return Err(refused(&caller, permission));
        }
        let arrival = parts.extensions.get::<Arrival>();
        Ok(Self {
            actor: caller.actor(arrival.map(|arrival| arrival.client)),
            caller,
            permission,
        })
    }
}

/// A caller who is permitted what the operation needs on the whole platform.
#[derive(Clone, Debug)]
pub(crate) struct Operator(Permitted);

impl Deref for Operator {
    type Target = Permitted;

    fn deref(&self) -> &Permitted {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let permitted = Permitted::of(parts)?;
        permitted.everywhere()?;
        Ok(Self(permitted))
    }
}
