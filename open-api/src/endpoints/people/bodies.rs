//! Roles as they are written in bodies.

use device_registry::{Grant, Role};
use domain::AgencyId;
use http_edge::Problem;
use http_edge::request::Text;
use serde::Deserialize;
use utoipa::ToSchema;

/// A role, in an agency or for the whole platform.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRole, example = json!({"role": "operator", "agency": "seoul"}))]
pub(crate) struct RoleBody {
    /// `viewer`, `installer`, `operator` or `agency-administrator`, in an agency;
    /// `auditor`, in an agency or for the whole platform;
    /// `platform-administrator`, for the whole platform.
    role: String,
    #[schema(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
}

pub(super) fn grants(roles: Vec<RoleBody>) -> Result<Vec<Grant>, Problem> {
    roles.into_iter().map(grant).collect()
}

fn grant(body: RoleBody) -> Result<Grant, Problem> {
    let Some(role) = Role::parse(&body.role) else {
        let known = Role::ALL.map(Role::as_str).join(", ");
        return Err(Problem::body(format!("role is one of {known}")));
    };
    Grant::new(role, body.agency.map(|agency| agency.0))
        .map_err(|error| Problem::body(error.to_string()))
}
