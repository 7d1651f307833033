//! People and service tokens: who may do what in which agency.
//!
//! What belongs to an agency has roles there alone, and its administrators look
//! after it. The platform's own people and tokens may have roles everywhere: an
//! agency sees those that have one in it, with that role and no other, and
//! cannot change them.

mod bodies;
pub(crate) mod operators;
pub(crate) mod service_tokens;

use device_registry::{Grant, GrantsError, Permission, Rights};
use domain::AgencyId;
use http_edge::{Problem, ProblemKind};

use crate::access::Permitted;

/// The grants of one that belongs to `owner`, as the caller may see them; `None`
/// where the caller sees nothing of it at all.
fn visible_grants<'a>(
    rights: &Rights,
    owner: Option<&AgencyId>,
    grants: &'a [Grant],
) -> Option<Vec<&'a Grant>> {
    let reads = |agency: Option<&AgencyId>| match agency {
        Some(agency) => rights.allow(Permission::ReadPeople, agency),
        None => rights.allow_everywhere(Permission::ReadPeople),
    };
    let seen: Vec<&Grant> = grants.iter().filter(|one| reads(one.agency())).collect();
    (reads(owner) || !seen.is_empty()).then_some(seen)
}

/// Whether the caller may make one that belongs to `owner` and has these grants.
/// An agency of which it sees nothing is answered as one that is not there.
fn permit_new(
    permitted: &Permitted,
    owner: Option<&AgencyId>,
    grants: &[Grant],
) -> Result<(), Problem> {
    if let Some(agency) = owner.filter(|agency| !permitted.sees(agency)) {
        return Err(unknown_agency(agency));
    }
    permitted.for_owner(owner)?;
    permit_grants(permitted, grants)
}

/// Nobody gives what it has not itself.
pub(crate) fn permit_grants(permitted: &Permitted, grants: &[Grant]) -> Result<(), Problem> {
    let rights = permitted.rights();
    let more = |grant: &&Grant| !rights.include(&Rights::of(std::slice::from_ref(*grant)));
    match grants.iter().find(more) {
        None => Ok(()),
        Some(grant) => Err(Problem::new(
            ProblemKind::FORBIDDEN,
            format!(
                "You cannot give {grant}: you may not do yourself what it permits. Ask a platform administrator."
            ),
        )),
    }
}

fn unknown_agency(agency: &AgencyId) -> Problem {
    let error = GrantsError::UnknownAgency(agency.clone());
    Problem::body(error.to_string()).with("code", error.code())
}
