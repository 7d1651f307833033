//! What people and service tokens are entitled to: roles, each in one agency or
//! for the whole platform.

mod grants;
mod permission;
mod rights;

use std::fmt;

use domain::AgencyId;

pub(crate) use grants::check;
pub use grants::{GrantsError, MAX_GRANTS};
pub use permission::{Permission, Permissions};
pub use rights::Rights;

/// What somebody does with the platform.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Reads all that an agency has.
    Viewer,
    /// Puts an agency's devices in service.
    Installer,
    /// Runs an agency's devices.
    Operator,
    /// Runs an agency: its people, its tokens, its settings.
    AgencyAdministrator,
    /// Reads who has which rights and what was changed, in an agency or in all.
    Auditor,
    /// Runs the platform and all of its agencies.
    PlatformAdministrator,
}

impl Role {
    /// The smaller ones first, and those of an agency alone before those of the
    /// platform.
    pub const ALL: [Self; 6] = [
        Self::Viewer,
        Self::Installer,
        Self::Operator,
        Self::AgencyAdministrator,
        Self::Auditor,
        Self::PlatformAdministrator,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Installer => "installer",
            Self::AgencyAdministrator => "agency-administrator",
            Self::PlatformAdministrator => "platform-administrator",
            Self::Auditor => "auditor",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Whether somebody may have it in one agency.
    pub const fn is_of_agency(self) -> bool {
        !matches!(self, Self::PlatformAdministrator)
    }

    /// Whether somebody may have it for the whole platform.
    pub const fn is_of_platform(self) -> bool {
        matches!(self, Self::PlatformAdministrator | Self::Auditor)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A role that somebody has, and where.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Grant {
    agency: Option<AgencyId>,
    role: Role,
}

/// A role and a place that do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    #[error("{0} is a role in an agency: say in which")]
    WithoutAgency(Role),
    #[error("{0} is a role for the whole platform: it has no agency")]
    WithAgency(Role),
}

impl Grant {
    /// `agency` is `None` for the whole platform.
    pub fn new(role: Role, agency: Option<AgencyId>) -> Result<Self, GrantError> {
        match &agency {
            None if !role.is_of_platform() => Err(GrantError::WithoutAgency(role)),
            Some(_) if !role.is_of_agency() => Err(GrantError::WithAgency(role)),
            None | Some(_) => Ok(Self { agency, role }),
        }
    }

    pub fn role(&self) -> Role {
        self.role
    }

    /// `None`: for the whole platform.
    pub fn agency(&self) -> Option<&AgencyId> {
        self.agency.as_ref()
    }

    /// What it permits there.
    pub fn permissions(&self) -> Permissions {
        match self.agency {
            Some(_) => self.role.permissions_in_agency(),
            None => self.role.permissions(),
        }
    }

    /// As [`fmt::Display`] writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let (role, agency) = match text.split_once('@') {
            Some((role, agency)) => (role, Some(AgencyId::new(agency).ok()?)),
            None => (text, None),
        };
        Self::new(Role::parse(role)?, agency).ok()
    }
}

/// `operator@seoul`, or `auditor`: no agency's id has an `@`.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.agency {
            Some(agency) => write!(f, "{}@{agency}", self.role),
            None => self.role.fmt(f),
        }
    }
}
