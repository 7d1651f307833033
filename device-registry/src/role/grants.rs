//! The roles of one person or service token, taken together.

use domain::AgencyId;

use super::Grant;
use crate::registry::ErrorClass;
use crate::snapshot::Snapshot;

/// Roles of one person or service token.
pub const MAX_GRANTS: usize = 256;

/// Why roles are not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantsError {
    #[error("no agency {0}")]
    UnknownAgency(AgencyId),
    #[error(
        "what belongs to agency {owner} has roles in {owner} alone; {grant} is not one of them"
    )]
    Elsewhere { owner: AgencyId, grant: Grant },
    #[error("at most {MAX_GRANTS} roles are given to one")]
    TooMany,
}

impl GrantsError {
    /// Stable, in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownAgency(_) => "unknown-agency",
            Self::Elsewhere { .. } => "role-elsewhere",
            Self::TooMany => "too-many-roles",
        }
    }

    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownAgency(_) | Self::Elsewhere { .. } | Self::TooMany => ErrorClass::Invalid,
        }
    }
}

/// The grants in order, each once, if whoever belongs to `owner` may have them:
/// to an agency, or with `None` to the platform, whose people and tokens may
/// have roles everywhere.
pub(crate) fn check(
    snapshot: &Snapshot,
    owner: Option<&AgencyId>,
    mut grants: Vec<Grant>,
) -> Result<Box<[Grant]>, GrantsError> {
    grants.sort_unstable();
    grants.dedup();
    if grants.len() > MAX_GRANTS {
        return Err(GrantsError::TooMany);
    }
    let known = |agency: &AgencyId| match snapshot.agency(agency) {
        Some(_) => Ok(()),
        None => Err(GrantsError::UnknownAgency(agency.clone())),
    };
    owner.map_or(Ok(()), known)?;
    for grant in &grants {
        if let Some(owner) = owner.filter(|owner| grant.agency() != Some(*owner)) {
            return Err(GrantsError::Elsewhere {
                owner: owner.clone(),
                grant: grant.clone(),
            });
        }
        grant.agency().map_or(Ok(()), known)?;
    }
    Ok(grants.into())
}
