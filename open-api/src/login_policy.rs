//! What the operator of the platform asks of logins.

use device_registry::{Person, SecondFactor};

/// Who may log in, and with what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoginPolicy {
    /// Whether the token of `DIR/admin.token` opens anything.
    pub operator_token: bool,
    pub second_factor: SecondFactorFor,
}

/// Who needs an authenticator app. Others may set one up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecondFactorFor {
    Nobody,
    PlatformAdministrators,
    Everybody,
}

impl Default for LoginPolicy {
    fn default() -> Self {
        Self {
            operator_token: true,
            second_factor: SecondFactorFor::PlatformAdministrators,
        }
    }
}

impl LoginPolicy {
    pub fn factor_of(self, person: &Person) -> SecondFactor {
        let required = match self.second_factor {
            SecondFactorFor::Nobody => false,
            SecondFactorFor::PlatformAdministrators => person.is_platform_administrator(),
            SecondFactorFor::Everybody => true,
        };
        if required {
            SecondFactor::Required
        } else {
            SecondFactor::Optional
        }
    }
}
