//! What somebody may, in which agencies: all grants of one, added up.

use domain::{AgencyId, Scope};

use super::{Grant, Permission, Permissions};

/// What somebody may. It is made from one snapshot and does not change: who
/// goes on for longer asks whether the grants still stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rights {
    everywhere: Permissions,
    /// What is permitted beyond it, in order of agency.
    in_agencies: Vec<(AgencyId, Permissions)>,
}

impl Rights {
    pub const NONE: Self = Self {
        everywhere: Permissions::NONE,
        in_agencies: Vec::new(),
    };
    pub const ALL: Self = Self {
        everywhere: Permissions::ALL,
        in_agencies: Vec::new(),
    };

    pub fn of(grants: &[Grant]) -> Self {
        let mut rights = Self::NONE;
        for grant in grants {
            let more = grant.permissions();
            let Some(agency) = grant.agency() else {
                rights.everywhere = rights.everywhere.with(more);
                continue;
            };
            match rights.find(agency) {
                Ok(at) => {
                    let (_, standing) = &mut rights.in_agencies[at];
                    *standing = standing.with(more);
                }
                Err(at) => rights.in_agencies.insert(at, (agency.clone(), more)),
            }
        }
        rights
    }

    /// In this agency.
    #[inline]
    pub fn allow(&self, permission: Permission, agency: &AgencyId) -> bool {
        self.everywhere.has(permission)
            || self
                .find(agency)
                .is_ok_and(|at| self.in_agencies[at].1.has(permission))
    }

    /// On the whole platform, and so in every agency.
    #[inline]
    pub fn allow_everywhere(&self, permission: Permission) -> bool {
        self.everywhere.has(permission)
    }

    /// In some agency, or everywhere.
    pub fn allow_somewhere(&self, permission: Permission) -> bool {
        let mut of_agencies = self.in_agencies.iter().map(|(_, own)| own);
        self.everywhere.has(permission) || of_agencies.any(|own| own.has(permission))
    }

    /// The agencies in which it is permitted.
    pub fn scope(&self, permission: Permission) -> Scope {
        if self.everywhere.has(permission) {
            return Scope::All;
        }
        let agencies = self.in_agencies.iter();
        let agencies = agencies.filter(|(_, own)| own.has(permission));
        Scope::of_agencies(agencies.map(|(agency, _)| agency.clone()))
    }

    /// Whether all that `other` may is within it: who gives rights gives none
    /// that it has not itself.
    pub fn include(&self, other: &Self) -> bool {
        self.everywhere.include(other.everywhere)
            && other.in_agencies.iter().all(|(agency, wanted)| {
                let own = self.find(agency).map(|at| self.in_agencies[at].1);
                let own = own.unwrap_or(Permissions::NONE);
                self.everywhere.with(own).include(*wanted)
            })
    }

    #[inline]
    fn find(&self, agency: &AgencyId) -> Result<usize, usize> {
        self.in_agencies
            .binary_search_by(|(other, _)| other.cmp(agency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Role;

    fn agency(id: &str) -> AgencyId {
        AgencyId::new(id).unwrap()
    }

    fn grant(role: Role, of: &str) -> Grant {
        Grant::new(role, Some(agency(of))).unwrap()
    }

    #[test]
    fn grants_add_up_in_their_agencies_and_nowhere_else() {
        let rights = Rights::of(&[
            grant(Role::Viewer, "seoul"),
            grant(Role::Operator, "busan"),
            grant(Role::Installer, "seoul"),
        ]);
        for (permission, seoul, busan) in [
            (Permission::ReadData, true, true),
            (Permission::InstallDevices, true, true),
            (Permission::ManageDevices, false, true),
            (Permission::ManagePeople, false, false),
        ] {
            assert_eq!(rights.allow(permission, &agency("seoul")), seoul);
            assert_eq!(rights.allow(permission, &agency("busan")), busan);
            assert!(!rights.allow(permission, &agency("daegu")));
            assert!(!rights.allow_everywhere(permission));
            assert_eq!(rights.allow_somewhere(permission), seoul || busan);
        }
        let managed = rights.scope(Permission::ManageDevices);
        assert_eq!(managed, Scope::of_agencies([agency("busan")]));
        assert_eq!(rights.scope(Permission::ManagePeople), Scope::Public);
    }

    #[test]
    fn a_role_of_the_platform_reaches_every_agency() {
        let auditor = Rights::of(&[Grant::new(Role::Auditor, None).unwrap()]);
        assert!(auditor.allow(Permission::ReadAudit, &agency("seoul")));
        assert!(!auditor.allow(Permission::ReadData, &agency("seoul")));
        assert_eq!(auditor.scope(Permission::ReadDevices), Scope::All);
        let administrator = Grant::new(Role::PlatformAdministrator, None).unwrap();
        assert_eq!(Rights::of(&[administrator]), Rights::ALL);
    }

    #[test]
    fn an_agencys_auditor_reads_its_audit_and_nothing_of_the_platform() {
        let auditor = Rights::of(&[grant(Role::Auditor, "seoul")]);
        for (permission, has) in [
            (Permission::ReadAudit, true),
            (Permission::ReadPeople, true),
            (Permission::ReadDevices, true),
            (Permission::ReadData, false),
            (Permission::ReadPlatform, false),
        ] {
            assert_eq!(auditor.allow(permission, &agency("seoul")), has);
            assert_eq!(auditor.allow_somewhere(permission), has);
            assert!(!auditor.allow(permission, &agency("busan")));
            assert!(!auditor.allow_everywhere(permission));
        }
    }

    #[test]
    fn nobody_gives_more_than_it_has() {
        let of = |role, agency| Rights::of(&[grant(role, agency)]);
        let administrator = of(Role::AgencyAdministrator, "seoul");
        for role in Role::ALL.into_iter().filter(|role| role.is_of_agency()) {
            assert!(administrator.include(&of(role, "seoul")), "{role}");
            assert!(!administrator.include(&of(role, "busan")), "{role}");
            assert!(Rights::ALL.include(&of(role, "busan")), "{role}");
        }
        assert!(!administrator.include(&Rights::ALL));
        assert!(administrator.include(&Rights::NONE));
        assert!(!of(Role::Viewer, "seoul").include(&administrator));
    }
}
