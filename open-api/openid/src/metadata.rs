//! What the provider says of itself (OpenID Connect Discovery 1.0).

use serde::Deserialize;

use crate::config::{ClientConfig, is_safe_url};
use crate::error::OpenIdError;
use crate::http::Http;

const WHAT: &str = "metadata";
const BASIC: &str = "client_secret_basic";

#[derive(Clone, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    pub(crate) authorization_endpoint: String,
    pub(crate) token_endpoint: String,
    pub(crate) jwks_uri: String,
    pub(crate) userinfo_endpoint: Option<String>,
    pub(crate) end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 9207: it names itself in each answer.
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    pub(crate) fn fetch(http: &Http, client: &ClientConfig) -> Result<Self, OpenIdError> {
        let expected = client.issuer();
        let base = expected.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let metadata: Self = http.get(WHAT, &url, None)?;
        if metadata.issuer != expected {
            return Err(OpenIdError::Issuer {
                found: metadata.issuer,
                expected: expected.to_owned(),
            });
        }
        let needed = [
            &metadata.authorization_endpoint,
            &metadata.token_endpoint,
            &metadata.jwks_uri,
        ];
        let others = [&metadata.userinfo_endpoint, &metadata.end_session_endpoint];
        let mut all = needed.into_iter().chain(others.into_iter().flatten());
        let are_safe = all.all(|url| is_safe_url(url));
        drop(all);
        if !are_safe {
            return Err(OpenIdError::unreachable(
                WHAT,
                "an endpoint is no https:// address",
            ));
        }
        Ok(metadata)
    }

    /// Whether the secret goes into the header, the default of the specification.
    pub(crate) fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|methods| methods.iter().any(|method| method == BASIC))
    }
}
