//! How people log in.

use clap::ValueEnum;
use open_api::{LoginPolicy, SecondFactorFor};

/// Who logs in, and with what.
#[derive(clap::Args, Debug, Clone, Copy)]
#[command(next_help_heading = "Logins")]
pub struct Login {
    /// Whether the token in the data folder's admin.token opens anything, `on` or `off`; `off` only
    /// where an administrator of the platform can log in with a password
    #[arg(
        long,
        value_name = "SWITCH",
        env = "MADANG_ADMIN_TOKEN",
        default_value = "on",
        value_parser = word::<AdminToken>
    )]
    pub admin_token: AdminToken,
    /// Who needs an authenticator app beside a password: `nobody`, `platform-administrators` or
    /// `everybody`
    #[arg(
        long,
        value_name = "WHO",
        env = "MADANG_SECOND_FACTOR",
        default_value = "platform-administrators",
        value_parser = word::<SecondFactor>
    )]
    pub second_factor: SecondFactor,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum AdminToken {
    On,
    Off,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecondFactor {
    Nobody,
    PlatformAdministrators,
    Everybody,
}

fn word<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, false).map_err(|_| {
        let values = T::value_variants().iter();
        let names: Vec<String> = values
            .filter_map(T::to_possible_value)
            .map(|value| value.get_name().to_owned())
            .collect();
        format!("{text:?} is none of {}", names.join(", "))
    })
}

impl Login {
    pub(crate) fn policy(self) -> LoginPolicy {
        LoginPolicy {
            operator_token: self.admin_token == AdminToken::On,
            second_factor: match self.second_factor {
                SecondFactor::Nobody => SecondFactorFor::Nobody,
                SecondFactor::PlatformAdministrators => SecondFactorFor::PlatformAdministrators,
                SecondFactor::Everybody => SecondFactorFor::Everybody,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Given;

    #[test]
    fn the_token_is_on_and_administrators_have_an_app_unless_told_otherwise() {
        let given = Given::default().with("data", "d");
        let usual = given.clone().settings().unwrap().login;
        assert_eq!(usual.policy(), LoginPolicy::default());
        let told = given
            .clone()
            .with("admin-token", "off")
            .with("second-factor", "everybody");
        let policy = told.settings().unwrap().login.policy();
        assert!(!policy.operator_token);
        assert_eq!(policy.second_factor, SecondFactorFor::Everybody);
        let wrong = given.with("admin-token", "no").settings();
        assert_eq!(
            wrong.unwrap_err().to_string(),
            "--admin-token \"no\" is none of on, off"
        );
    }
}
