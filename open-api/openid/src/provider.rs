//! The provider, as the platform talks to it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::claims::{IdClaims, MAX_AGE_OF_LOGIN, groups, text};
use crate::config::ClientConfig;
use crate::error::OpenIdError;
use crate::http::Http;
use crate::keys::{Keys, Source};
use crate::logout::{self, LoggedOut, Seen};
use crate::metadata::{KnownMetadata, Metadata};
use crate::pending::{Attempt, Pending};
use crate::token::Token;

/// Who has logged in at the provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// With the issuer, the one name of the person that stays.
    pub subject: String,
    /// The provider's session, where it names it.
    pub session: Option<String>,
    /// By which it asks to be called.
    pub login_name: Option<String>,
    pub name: Option<String>,
    pub groups: Vec<String>,
    /// When the person proved itself to the provider, in seconds.
    pub proved: i64,
    /// For the logout at the provider.
    pub id_token: String,
}

/// One provider, of which the platform is a client.
pub struct Provider {
    client: ClientConfig,
    http: Http,
    metadata: KnownMetadata,
    keys: Keys,
    pending: Pending,
    seen: Seen,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
    access_token: Option<String>,
}

impl Provider {
    pub fn new(client: ClientConfig) -> Self {
        Self {
            client,
            http: Http::new(),
            metadata: KnownMetadata::default(),
            keys: Keys::default(),
            pending: Pending::default(),
            seen: Seen::default(),
        }
    }

    pub fn issuer(&self) -> &str {
        self.client.issuer()
    }

    /// Begins a login: the cookie of the browser, and where it goes now. With
    /// `again` the provider asks the person once more, whoever it is logged in as.
    pub fn begin(&self, address: IpAddr, again: bool) -> Result<(String, String), OpenIdError> {
        let metadata = self.metadata()?;
        let begun = self.pending.begin(address)?;
        let max_age = MAX_AGE_OF_LOGIN.to_string();
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", &self.client.client_id),
            ("redirect_uri", &self.client.redirect_uri),
            ("scope", &self.client.scope),
            ("state", &begun.state),
            ("nonce", &begun.nonce),
            ("code_challenge", &begun.challenge),
            ("code_challenge_method", "S256"),
            ("max_age", &max_age),
        ];
        if again {
            query.push(("prompt", "login"));
        }
        let url = with_query(&metadata.authorization_endpoint, &query);
        Ok((begun.cookie, url))
    }

    /// The login that a browser comes back with, once.
    pub fn take(&self, state: &str, cookie: Option<&str>) -> Result<Attempt, OpenIdError> {
        self.pending.take(state, cookie)
    }

    /// Exchanges the code, and checks all that the provider says then. `issuer` is
    /// the `iss` of the browser's answer (RFC 9207), also of one that is a refusal.
    pub fn finish(
        &self,
        attempt: &Attempt,
        code: Result<&str, &str>,
        issuer: Option<&str>,
        now: i64,
    ) -> Result<Identity, OpenIdError> {
        let metadata = self.metadata()?;
        match issuer {
            Some(issuer) if issuer != self.client.issuer() => {
                return Err(OpenIdError::token(
                    "the answer",
                    "`iss` is another provider",
                ));
            }
            None if metadata.authorization_response_iss_parameter_supported => {
                return Err(OpenIdError::token("the answer", "`iss` is missing"));
            }
            Some(_) | None => {}
        }
        let code = code.map_err(|error| OpenIdError::Refused(error.to_owned()))?;
        let tokens = self.exchange(&metadata, attempt, code)?;
        let id_token = tokens
            .id_token
            .ok_or_else(|| OpenIdError::token("the answer", "it has no ID token"))?;
        let token = Token::split("the ID token", &id_token)?;
        let keys = &metadata.jwks_uri;
        self.keys
            .verify(&self.http, keys, Source::Provider, &token)?;
        let claims: IdClaims = token.claims()?;
        claims.check(&self.client, &attempt.nonce, now)?;
        let more = self.more(&metadata, &claims, tokens.access_token.as_deref())?;
        let told = |name| text(&claims.others, name).or_else(|| text(&more, name));
        let wanted = &self.client.groups_claim;
        let found = groups(&claims.others, wanted).or_else(|| groups(&more, wanted));
        Ok(Identity {
            login_name: told("preferred_username"),
            name: told("name"),
            groups: found.unwrap_or_default(),
            proved: claims.proved(now),
            subject: claims.sub,
            session: claims.sid,
            id_token,
        })
    }

    fn exchange(
        &self,
        metadata: &Metadata,
        attempt: &Attempt,
        code: &str,
    ) -> Result<Tokens, OpenIdError> {
        let client = &self.client;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &client.redirect_uri),
            ("code_verifier", &attempt.verifier),
        ];
        let secret = client.client_secret.as_deref();
        let basic = secret.filter(|_| metadata.takes_basic());
        if basic.is_none() {
            form.push(("client_id", &client.client_id));
            form.extend(secret.map(|secret| ("client_secret", secret)));
        }
        let basic = basic.map(|secret| (client.client_id.as_str(), secret));
        let url = &metadata.token_endpoint;
        self.http.post("token endpoint", url, &query(&form), basic)
    }

    /// What the ID token leaves out, of who it is about.
    fn more(
        &self,
        metadata: &Metadata,
        claims: &IdClaims,
        access_token: Option<&str>,
    ) -> Result<Map<String, Value>, OpenIdError> {
        let endpoint = metadata.userinfo_endpoint.as_ref();
        let (Some(endpoint), Some(access_token)) = (endpoint, access_token) else {
            return Ok(Map::new());
        };
        let own = &claims.others;
        let names = ["preferred_username", "name"];
        if groups(own, &self.client.groups_claim).is_some()
            && names.iter().all(|name| own.contains_key(*name))
        {
            return Ok(Map::new());
        }
        let what = "userinfo";
        let more: Map<String, Value> = self.http.get(what, endpoint, Some(access_token))?;
        if text(&more, "sub").as_ref() != Some(&claims.sub) {
            return Err(OpenIdError::token(what, "`sub` is somebody else"));
        }
        Ok(more)
    }

    /// Where a browser logs out of the provider too, if it can. Asks nobody: what
    /// the provider said of itself at the login is still known.
    pub fn logout_url(&self, id_token: &str) -> Option<String> {
        let metadata = self.metadata.last()?;
        let query = [
            ("id_token_hint", id_token),
            ("client_id", &self.client.client_id),
            ("post_logout_redirect_uri", &self.client.after_logout),
        ];
        let endpoint = metadata.end_session_endpoint.as_ref()?;
        Some(with_query(endpoint, &query))
    }

    /// Whom a logout token of the back channel logs out; each is taken once.
    pub fn logged_out(&self, logout_token: &str, now: i64) -> Result<LoggedOut, OpenIdError> {
        let token = Token::split(logout::WHAT, logout_token)?;
        let metadata = self.metadata()?;
        let keys = &metadata.jwks_uri;
        self.keys
            .verify(&self.http, keys, Source::Anybody, &token)?;
        logout::read(&token, &self.client, &self.seen, now)
    }

    fn metadata(&self) -> Result<Arc<Metadata>, OpenIdError> {
        self.metadata.get(&self.http, &self.client, Instant::now())
    }
}

fn query(pairs: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(pairs).expect("pairs of texts are a form")
}

fn with_query(url: &str, pairs: &[(&str, &str)]) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{}", query(pairs))
}
