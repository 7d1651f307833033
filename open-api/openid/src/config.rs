//! What the provider knows this platform by.

use std::fmt;

use ureq::http::Uri;

/// A client that is registered at a provider.
#[derive(Clone)]
pub struct ClientConfig {
    /// As the provider writes it, to the letter: with a slash at its end it is
    /// another.
    issuer: String,
    pub client_id: String,
    /// `None`: a public client, which PKCE alone proves.
    pub client_secret: Option<String>,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    /// Where it sends the browser after a logout.
    pub after_logout: String,
    /// Separated by spaces, `openid` among them.
    pub scope: String,
    /// The claim that names groups or roles; `a.b` is `b` within `a`.
    pub groups_claim: String,
}

/// Without the secret.
impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Why an issuer is refused. The text follows the setting's name.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is no https:// address of a provider without query and fragment (http:// only on this machine)"
)]
pub struct ConfigError(String);

impl ClientConfig {
    pub fn new(issuer: &str) -> Result<Self, ConfigError> {
        if !is_safe_url(issuer) || issuer.contains(['?', '#']) {
            return Err(ConfigError(issuer.to_owned()));
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            client_id: String::new(),
            client_secret: None,
            redirect_uri: String::new(),
            after_logout: String::new(),
            scope: "openid profile".to_owned(),
            groups_claim: "groups".to_owned(),
        })
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the issuer is reached, without its path.
    pub fn host(&self) -> String {
        let uri: Option<Uri> = self.issuer.parse().ok();
        let host = uri.as_ref().and_then(Uri::host);
        host.unwrap_or(&self.issuer).to_owned()
    }
}

/// Whether nobody on the way can read or change what is sent there.
pub(crate) fn is_safe_url(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let Some(authority) = uri.authority() else {
        return false;
    };
    let on_this_machine = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    !authority.as_str().contains('@')
        && match uri.scheme_str() {
            Some("https") => true,
            Some("http") => on_this_machine,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_on_this_machine() {
        for good in [
            "https://login.example.kr",
            "https://login.example.kr/realms/city",
            "http://127.0.0.1:3000",
            "http://localhost:8080/",
        ] {
            assert_eq!(ClientConfig::new(good).ok().unwrap().issuer(), good);
        }
        for bad in [
            "http://login.example.kr",
            "https://user@login.example.kr",
            "https://login.example.kr/?a=b",
            "login.example.kr",
            "ftp://localhost",
            "",
        ] {
            assert!(ClientConfig::new(bad).is_err(), "{bad}");
        }
    }
}
