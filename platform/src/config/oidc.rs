//! The identity provider at which people log in.

use open_api::{ClaimRoles, ClaimRolesError, ClientConfig, IssuerError, SignOn};

use super::sources::{Secret, secret};

/// Where the provider sends browsers back to, below the platform's address.
const CALLBACK: &str = "/v1/session/oidc/callback";
const AFTER_LOGOUT: &str = "/ops";

/// The flags of the identity provider. None of them: there is none.
#[derive(clap::Args, Debug, Clone, Default)]
#[command(next_help_heading = "Logins by an identity provider (OpenID Connect)")]
pub struct OidcArgs {
    /// The provider's address as it writes it itself, as `https://login.example.kr/realms/city`;
    /// needs --public-url
    #[arg(long = "oidc-issuer", value_name = "URL", env = "MADANG_OIDC_ISSUER")]
    pub issuer: Option<String>,
    /// The platform's name at the provider
    #[arg(
        long = "oidc-client-id",
        value_name = "ID",
        env = "MADANG_OIDC_CLIENT_ID"
    )]
    pub client_id: Option<String>,
    /// File with the platform's secret at the provider [default: a public client, which PKCE alone
    /// proves]
    #[arg(
        long = "oidc-client-secret-file",
        value_name = "FILE",
        env = "MADANG_OIDC_CLIENT_SECRET_FILE",
        value_parser = secret::<1>
    )]
    pub client_secret: Option<Secret>,
    /// What the button of the login page calls the provider [default: its host]
    #[arg(long = "oidc-name", value_name = "NAME", env = "MADANG_OIDC_NAME")]
    pub name: Option<String>,
    /// The claim of ID token or userinfo that names groups or roles; `a.b` is `b` within `a`
    /// [default: groups]
    #[arg(long = "oidc-claim", value_name = "NAME", env = "MADANG_OIDC_CLAIM")]
    pub claim: Option<String>,
    /// Which roles follow from its values, as
    /// `iot-admins=platform-administrator, seoul-ops=operator@seoul`
    #[arg(long = "oidc-roles", value_name = "LIST", env = "MADANG_OIDC_ROLES")]
    pub roles: Option<String>,
    /// What is asked of the provider [default: openid profile]
    #[arg(long = "oidc-scope", value_name = "SCOPES", env = "MADANG_OIDC_SCOPE")]
    pub scope: Option<String>,
}

/// Why the settings of the provider are refused.
#[derive(Debug, thiserror::Error)]
pub enum OidcConfigError {
    #[error("--{0} needs --oidc-issuer")]
    NoIssuer(&'static str),
    #[error("--oidc-issuer needs --{0}")]
    Missing(&'static str),
    #[error("--oidc-issuer {0}")]
    Issuer(#[from] IssuerError),
    #[error("--oidc-roles {0}")]
    Roles(#[from] ClaimRolesError),
    #[error("--oidc-scope {0:?} lacks openid")]
    Scope(String),
}

impl OidcArgs {
    pub(super) fn checked(
        self,
        public_url: Option<&str>,
    ) -> Result<Option<SignOn>, OidcConfigError> {
        let Some(issuer) = &self.issuer else {
            return match self.first_given() {
                Some(flag) => Err(OidcConfigError::NoIssuer(flag)),
                None => Ok(None),
            };
        };
        let mut client = ClientConfig::new(issuer)?;
        let missing = OidcConfigError::Missing;
        client.client_id = self.client_id.ok_or(missing("oidc-client-id"))?;
        let roles: ClaimRoles = self.roles.ok_or(missing("oidc-roles"))?.parse()?;
        let public_url = public_url.ok_or(missing("public-url"))?;
        client.redirect_uri = format!("{public_url}{CALLBACK}");
        client.after_logout = format!("{public_url}{AFTER_LOGOUT}");
        let secret = self.client_secret.as_ref();
        client.client_secret = secret.map(|it| it.as_str().to_owned());
        if let Some(claim) = self.claim {
            client.groups_claim = claim;
        }
        if let Some(scope) = self.scope {
            if !scope.split(' ').any(|word| word == "openid") {
                return Err(OidcConfigError::Scope(scope));
            }
            client.scope = scope;
        }
        Ok(Some(SignOn {
            name: self.name.unwrap_or_else(|| client.host()),
            client,
            roles,
        }))
    }

    fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("oidc-client-id", self.client_id.is_some()),
            ("oidc-client-secret-file", self.client_secret.is_some()),
            ("oidc-name", self.name.is_some()),
            ("oidc-claim", self.claim.is_some()),
            ("oidc-roles", self.roles.is_some()),
            ("oidc-scope", self.scope.is_some()),
        ];
        given
            .into_iter()
            .find_map(|(flag, given)| given.then_some(flag))
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Given;

    fn refusal(settings: &[(&str, &str)]) -> Option<String> {
        let mut given = Given::default().with("data", "d");
        for (name, text) in settings {
            given = given.with(name, text);
        }
        given.settings().err().map(|error| error.to_string())
    }

    #[test]
    fn a_provider_needs_a_client_a_way_back_and_roles() {
        let mut settings = vec![("oidc-issuer", "https://login.example.kr")];
        for (name, text) in [
            ("oidc-client-id", "madang"),
            ("oidc-roles", "ops=operator@seoul"),
            ("public-url", "https://madang.example.kr"),
        ] {
            let wanted = format!("--oidc-issuer needs --{name}");
            assert_eq!(refusal(&settings), Some(wanted));
            settings.push((name, text));
        }
        assert_eq!(refusal(&settings), None);
        settings.push(("oidc-scope", "profile"));
        let refused = refusal(&settings).unwrap();
        assert!(refused.contains("lacks openid"), "{refused}");
        let alone = refusal(&[("oidc-roles", "ops=auditor")]).unwrap();
        assert_eq!(alone, "--oidc-roles needs --oidc-issuer");
    }
}
