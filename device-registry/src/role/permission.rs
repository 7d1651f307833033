//! What each role permits: the one table of it.

use super::Role;

/// One kind of thing that may be done, in an agency or on the whole platform.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// Restricted data and exact places.
    ReadData,
    /// The agency itself, its devices and what befell them.
    ReadDevices,
    /// Registers devices, gives them keys and passwords, and puts them in place.
    InstallDevices,
    /// Imports, replaces and revokes devices, takes keys away, and makes claims
    /// and batches.
    ManageDevices,
    /// People and service tokens with their roles.
    ReadPeople,
    ManagePeople,
    /// The agency's settings and its own models; gives its devices away.
    ManageAgency,
    /// Who changed what.
    ReadAudit,
    /// What belongs to no agency: backups, refusals of strangers, all metrics.
    ReadPlatform,
    /// Agencies, the platform's data models, boundaries, applications, backups.
    ManagePlatform,
}

impl Permission {
    pub const ALL: [Self; 10] = [
        Self::ReadData,
        Self::ReadDevices,
        Self::InstallDevices,
        Self::ManageDevices,
        Self::ReadPeople,
        Self::ManagePeople,
        Self::ManageAgency,
        Self::ReadAudit,
        Self::ReadPlatform,
        Self::ManagePlatform,
    ];

    /// In kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadData => "read-data",
            Self::ReadDevices => "read-devices",
            Self::InstallDevices => "install-devices",
            Self::ManageDevices => "manage-devices",
            Self::ReadPeople => "read-people",
            Self::ManagePeople => "manage-people",
            Self::ManageAgency => "manage-agency",
            Self::ReadAudit => "read-audit",
            Self::ReadPlatform => "read-platform",
            Self::ManagePlatform => "manage-platform",
        }
    }

    /// The roles that permit it somewhere, the smallest first.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        let all = Role::ALL.into_iter();
        all.filter(move |role| role.permissions().has(self))
    }

    /// The roles that permit it in the agency that they are given in.
    pub fn roles_in_agency(self) -> impl Iterator<Item = Role> {
        let all = Role::ALL.into_iter();
        all.filter(move |role| role.permissions_in_agency().has(self))
    }

    /// The roles for the whole platform that permit it.
    pub fn roles_of_platform(self) -> impl Iterator<Item = Role> {
        self.roles().filter(|role| role.is_of_platform())
    }
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Permissions(u16);

impl Permissions {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self::of(&Permission::ALL);

    pub const fn of(permissions: &[Permission]) -> Self {
        let (mut bits, mut at) = (0, 0);
        // Nothing but a loop like this runs at compile time.
        while at < permissions.len() {
            bits |= 1 << permissions[at] as u16;
            at += 1;
        }
        Self(bits)
    }

    #[inline]
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u16) != 0
    }

    /// What belongs to no agency.
    const OF_PLATFORM: Self = Self::of(&[Permission::ReadPlatform, Permission::ManagePlatform]);

    #[must_use]
    pub const fn with(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    #[must_use]
    const fn without(self, less: Self) -> Self {
        Self(self.0 & !less.0)
    }

    /// Whether it has all of `other`.
    pub const fn include(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Role {
    /// `docs/rights.md` shows it as a table.
    pub const fn permissions(self) -> Permissions {
        use Permission::{
            InstallDevices, ManageAgency, ManageDevices, ManagePeople, ReadAudit, ReadData,
            ReadDevices, ReadPeople, ReadPlatform,
        };
        match self {
            Self::Viewer => Permissions::of(&[ReadData, ReadDevices]),
            Self::Installer => Permissions::of(&[ReadData, ReadDevices, InstallDevices]),
            Self::Operator => {
                Permissions::of(&[ReadData, ReadDevices, InstallDevices, ManageDevices])
            }
            Self::AgencyAdministrator => Permissions::of(&[
                ReadData,
                ReadDevices,
                InstallDevices,
                ManageDevices,
                ReadPeople,
                ManagePeople,
                ManageAgency,
                ReadAudit,
            ]),
            Self::Auditor => Permissions::of(&[ReadDevices, ReadPeople, ReadAudit, ReadPlatform]),
            Self::PlatformAdministrator => Permissions::ALL,
        }
    }

    /// The same, given in one agency.
    pub const fn permissions_in_agency(self) -> Permissions {
        if self.is_of_agency() {
            self.permissions().without(Permissions::OF_PLATFORM)
        } else {
            Permissions::NONE
        }
    }
}
