//! What an operation asks of its caller. The router says it beside each path;
//! what each role permits is `device_registry::Role::permissions`.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use device_registry::{Permission, Role};
use domain::AgencyId;
use http_edge::{Problem, ProblemKind};

use super::Caller;

/// What an operation asks of its caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Needs {
    /// Nothing: each sees what it may read.
    Nothing,
    /// The device's own credentials.
    Device,
    /// A key of the application, or who manages the platform.
    Application,
    /// A role that permits it: in the agency that the request is about, or
    /// everywhere, as the handler's extractor says.
    May(Permission),
}

/// Among a request's extensions: what its operation needs.
#[derive(Clone, Copy)]
pub(super) struct Needed(pub(super) Permission);

/// Lets nobody past who is permitted it nowhere. In which agency it is, the
/// handler knows.
pub(crate) async fn permit(permission: Permission, mut request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>();
    let caller = caller.unwrap_or(&Caller::Anonymous);
    if !caller.rights().allow_somewhere(permission) {
        return refused(caller, permission).into_response();
    }
    request.extensions_mut().insert(Needed(permission));
    next.run(request).await
}

/// Why a caller does not get past who is permitted `permission` nowhere.
pub(super) fn refused(caller: &Caller, permission: Permission) -> Problem {
    match caller {
        Caller::Anonymous => Problem::new(
            ProblemKind::UNAUTHENTICATED,
            "This is for operators: send Authorization: Bearer with an operator's or a service token, or log in at /ops.",
        ),
        Caller::Application(_) => Problem::new(
            ProblemKind::FORBIDDEN,
            "This is for operators; an API key reads public data only.",
        ),
        Caller::Operator { .. } | Caller::Person { .. } | Caller::ServiceToken { .. } => {
            missing(permission, "an agency")
        }
    }
}

/// Which role in `agency`, which the caller sees, would do.
pub(super) fn missing_in(permission: Permission, agency: &AgencyId) -> Problem {
    missing(permission, &format!("agency {agency}"))
}

/// Which role for the whole platform would do.
pub(super) fn missing_everywhere(permission: Permission) -> Problem {
    let roles = names(permission.roles_of_platform());
    Problem::new(
        ProblemKind::FORBIDDEN,
        format!(
            "This needs the role {roles}, for the whole platform. Ask a platform administrator for it."
        ),
    )
}

fn missing(permission: Permission, place: &str) -> Problem {
    let roles = names(permission.roles_in_agency());
    if roles.is_empty() {
        return missing_everywhere(permission);
    }
    Problem::new(
        ProblemKind::FORBIDDEN,
        format!(
            "This needs the role {roles} in {place}. Ask an administrator of the agency for it."
        ),
    )
}

fn names(roles: impl Iterator<Item = Role>) -> String {
    roles.map(Role::as_str).collect::<Vec<_>>().join(" or ")
}
