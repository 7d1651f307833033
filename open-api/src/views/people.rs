//! People and service tokens on their way out.

use device_registry::{Grant, Person, ServiceToken};
use domain::AgencyId;
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use super::Rfc3339;

/// A role that somebody has, and where.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Role, example = json!({"role": "operator", "agency": "seoul"}))]
pub(super) struct RoleView {
    role: &'static str,
    /// null: for the whole platform.
    agency: Option<String>,
}

/// A person, with those roles that the reader may know of.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = OperatorAccount, example = json!({"id": "kim.minsu", "name": "김민수", "agency": "seoul", "enabled": true, "roles": [{"role": "operator", "agency": "seoul"}], "created": "2026-05-01T00:00:00Z"}))]
pub(crate) struct PersonView {
    /// The login name.
    id: String,
    name: String,
    /// null: one of the platform.
    agency: Option<String>,
    enabled: bool,
    roles: Vec<RoleView>,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
}

/// A service token without its text.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = ServiceToken)]
pub(crate) struct ServiceTokenView {
    id: String,
    name: String,
    /// null: one of the platform.
    agency: Option<String>,
    roles: Vec<RoleView>,
    #[schema(value_type = String, format = DateTime)]
    until: Rfc3339,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
}

/// A new service token. Its text is shown this once.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = IssuedServiceToken)]
pub(crate) struct IssuedServiceTokenView {
    id: String,
    /// The secret itself.
    #[schema(example = "mdt_...")]
    token: String,
    name: String,
    /// null: one of the platform.
    agency: Option<String>,
    roles: Vec<RoleView>,
    #[schema(value_type = String, format = DateTime)]
    until: Rfc3339,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
}

impl From<&Grant> for RoleView {
    fn from(grant: &Grant) -> Self {
        Self {
            role: grant.role().as_str(),
            agency: grant.agency().map(AgencyId::to_string),
        }
    }
}

impl PersonView {
    /// With those of the person's grants that the reader may know of.
    pub(crate) fn new(person: &Person, grants: &[&Grant]) -> Self {
        Self {
            id: person.id.to_string(),
            name: person.name.clone(),
            agency: person.agency.as_ref().map(AgencyId::to_string),
            enabled: person.enabled,
            roles: roles(grants),
            created: Rfc3339(person.created),
        }
    }
}

impl ServiceTokenView {
    /// With those of the token's grants that the reader may know of.
    pub(crate) fn new(token: &ServiceToken, grants: &[&Grant]) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name.clone(),
            agency: token.agency.as_ref().map(AgencyId::to_string),
            roles: roles(grants),
            until: Rfc3339(token.until),
            created: Rfc3339(token.created),
        }
    }
}

impl IssuedServiceTokenView {
    pub(crate) fn new(token: &ServiceToken, text: String) -> Self {
        let grants: Vec<&Grant> = token.grants.iter().collect();
        let ServiceTokenView {
            id,
            name,
            agency,
            roles,
            until,
            created,
        } = ServiceTokenView::new(token, &grants);
        Self {
            id,
            token: text,
            name,
            agency,
            roles,
            until,
            created,
        }
    }
}

fn roles(grants: &[&Grant]) -> Vec<RoleView> {
    grants.iter().map(|grant| RoleView::from(*grant)).collect()
}

impl Row for PersonView {
    const COLUMNS: &'static [&'static str] =
        &["id", "name", "agency", "enabled", "roles", "created"];
}

impl Row for ServiceTokenView {
    const COLUMNS: &'static [&'static str] = &["id", "name", "agency", "roles", "until", "created"];
}
