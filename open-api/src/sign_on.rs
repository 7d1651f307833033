//! People who log in by an identity provider: how it is called, and which roles
//! follow from what it says of somebody.

use std::str::FromStr;

use device_registry::Grant;
use openid::ClientConfig;

/// A provider at which people log in.
#[derive(Debug)]
pub struct SignOn {
    pub client: ClientConfig,
    /// As people know it, on the login page.
    pub name: String,
    pub roles: ClaimRoles,
}

/// Which roles somebody has by the values of a claim, as
/// `madang-admins=platform-administrator, seoul-ops=operator@seoul`.
#[derive(Clone, PartialEq, Debug)]
pub struct ClaimRoles(Vec<(String, Grant)>);

/// Why a mapping is refused.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} does not read VALUE=ROLE@AGENCY, or VALUE=ROLE where the role is for the whole platform"
)]
pub struct ClaimRolesError(String);

impl FromStr for ClaimRoles {
    type Err = ClaimRolesError;

    fn from_str(text: &str) -> Result<Self, ClaimRolesError> {
        let pairs = text.split(',').map(|pair| {
            let read = || {
                // A value may have a =, and a role has none.
                let (value, role) = pair.rsplit_once('=')?;
                let value = Some(value.trim()).filter(|value| !value.is_empty())?;
                Some((value.to_owned(), Grant::parse(role.trim())?))
            };
            read().ok_or_else(|| ClaimRolesError(pair.trim().to_owned()))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }
}

impl ClaimRoles {
    pub(crate) fn of(&self, values: &[String]) -> Vec<Grant> {
        let fitting = self.0.iter().filter(|(value, _)| values.contains(value));
        fitting.map(|(_, grant)| grant.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_follow_from_the_values_of_a_claim() {
        let text = "admins=platform-administrator, /city/ops=operator@seoul,a=b=viewer@busan";
        let roles: ClaimRoles = text.parse().unwrap();
        let of = |values: &[&str]| -> Vec<String> {
            let values: Vec<String> = values.iter().map(|it| (*it).to_owned()).collect();
            roles.of(&values).iter().map(Grant::to_string).collect()
        };
        assert_eq!(
            of(&["a=b", "admins"]),
            ["platform-administrator", "viewer@busan"]
        );
        assert_eq!(of(&["/city/ops", "city"]), ["operator@seoul"]);
        assert!(of(&[]).is_empty());
        for bad in [
            "",
            "a",
            "a=",
            "=auditor",
            "a=operator",
            "a=platform-administrator@seoul",
            "a=auditor,",
        ] {
            assert!(bad.parse::<ClaimRoles>().is_err(), "{bad:?}");
        }
    }
}
