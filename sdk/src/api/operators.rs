//! `/v1/operators`: people with accounts.

use domain::{AgencyId, PersonId, Timestamp};
use serde::{Deserialize, Serialize};

use super::client::ApiClient;
use super::error::ApiError;
use super::pages::Pages;
use super::wire;

/// A role, and where: `None` for the whole platform.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RoleGrant {
    /// As `operator` or `platform-administrator`.
    pub role: String,
    pub agency: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Operator {
    /// The login name.
    pub id: String,
    pub name: String,
    /// `None`: of the platform.
    pub agency: Option<String>,
    pub enabled: bool,
    pub roles: Vec<RoleGrant>,
}

/// What an account is made from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOperator {
    pub id: PersonId,
    pub name: String,
    /// `None`: of the platform.
    pub agency: Option<AgencyId>,
    pub roles: Vec<RoleGrant>,
}

#[derive(Serialize)]
struct NewOperatorBody<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<&'a str>,
    roles: &'a [RoleGrant],
}

#[derive(Serialize)]
struct Enabled {
    enabled: bool,
}

/// By it a person sets what it logs in with; shown this once.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Invitation {
    /// Below the platform's address.
    pub path: String,
    /// With the address, where the platform knows its own.
    pub url: Option<String>,
    #[serde(deserialize_with = "wire::time")]
    pub expires: Timestamp,
}

impl ApiClient {
    pub fn create_operator(&self, new: &NewOperator) -> Result<Operator, ApiError> {
        let body = NewOperatorBody {
            id: new.id.as_str(),
            name: &new.name,
            agency: new.agency.as_ref().map(AgencyId::as_str),
            roles: &new.roles,
        };
        self.post("/v1/operators", &body)
    }

    /// Those that the caller may know of.
    pub fn operators(&self) -> Pages<Operator> {
        Pages::new(self, "/v1/operators".to_owned())
    }

    /// Who is not enabled is logged out at once, and cannot log in.
    pub fn enable_operator(&self, id: &PersonId, enabled: bool) -> Result<Operator, ApiError> {
        self.patch(&format!("/v1/operators/{id}"), &Enabled { enabled })
    }

    /// Takes away what the person logged in with before.
    pub fn invite_operator(&self, id: &PersonId) -> Result<Invitation, ApiError> {
        self.post(&format!("/v1/operators/{id}/invitation"), &())
    }
}
