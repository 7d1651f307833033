//! What the provider says of itself (OpenID Connect Discovery 1.0).

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Deserialize;

use crate::config::{ClientConfig, is_safe_url};
use crate::error::OpenIdError;
use crate::http::Http;

const WHAT: &str = "metadata";
const BASIC: &str = "client_secret_basic";
/// How long it is taken as it was told.
const LIFE: Duration = Duration::from_secs(3_600);
/// After a question in vain the next one waits so long, whoever asks: strangers
/// bring logout tokens, and each would be a question.
const FLOOR: Duration = Duration::from_secs(15);

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

/// What the provider told last, asked again once in a while.
#[derive(Default)]
pub(crate) struct KnownMetadata {
    told: Mutex<Option<Told>>,
    /// Held while the provider is asked.
    asking: Mutex<()>,
}

#[derive(Clone)]
struct Told {
    outcome: Result<Arc<Metadata>, OpenIdError>,
    /// When it is asked next.
    until: Instant,
}

impl KnownMetadata {
    pub(crate) fn get(
        &self,
        http: &Http,
        client: &ClientConfig,
        now: Instant,
    ) -> Result<Arc<Metadata>, OpenIdError> {
        if let Some(told) = self.told(now) {
            return told;
        }
        let _one_at_a_time = self.asking.lock();
        // Who waited here has the answer that the one before got.
        if let Some(told) = self.told(now) {
            return told;
        }
        let (outcome, life) = match (Metadata::fetch(http, client), self.last()) {
            (Ok(metadata), _) => (Ok(Arc::new(metadata)), LIFE),
            // Whether it still answers shows at the next step.
            (Err(OpenIdError::Unreachable { .. }), Some(last)) => (Ok(last), FLOOR),
            (Err(error), _) => (Err(error), FLOOR),
        };
        let until = now + life;
        *self.told.lock() = Some(Told {
            outcome: outcome.clone(),
            until,
        });
        outcome
    }

    /// What was told last, however long ago. Asks nobody.
    pub(crate) fn last(&self) -> Option<Arc<Metadata>> {
        let told = self.told.lock();
        told.as_ref()?.outcome.as_ref().ok().cloned()
    }

    /// What holds for now.
    fn told(&self, now: Instant) -> Option<Result<Arc<Metadata>, OpenIdError>> {
        let told = self.told.lock();
        let told = told.as_ref().filter(|told| now < told.until);
        told.map(|told| told.outcome.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A provider that refuses until it is told to answer; how often it was asked.
    struct Asked {
        client: ClientConfig,
        times: Arc<AtomicUsize>,
        status: Arc<Mutex<&'static str>>,
    }

    fn provider() -> Asked {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let asked = Asked {
            client: ClientConfig::new(&issuer).ok().unwrap(),
            times: Arc::default(),
            status: Arc::new(Mutex::new("503 Service Unavailable")),
        };
        let (times, status) = (Arc::clone(&asked.times), Arc::clone(&asked.status));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let lines = lines.map_while(Result::ok);
                let _head = lines.take_while(|line| !line.is_empty()).count();
                times.fetch_add(1, Ordering::Relaxed);
                let body = serde_json::json!({"issuer": issuer, "jwks_uri": issuer,
                    "authorization_endpoint": issuer, "token_endpoint": issuer});
                let (status, body) = (*status.lock(), body.to_string());
                let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length:");
                write!(stream, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
            }
        });
        asked
    }

    #[test]
    fn a_provider_in_trouble_is_asked_once_in_a_while_whoever_asks() {
        let asked = provider();
        let (known, start) = (KnownMetadata::default(), Instant::now());
        let get = |after| known.get(&Http::new(), &asked.client, start + after);
        let times = || asked.times.load(Ordering::Relaxed);
        for _ in 0..10 {
            let refused = get(Duration::ZERO).err().unwrap();
            assert!(refused.to_string().contains("503"), "{refused}");
        }
        assert_eq!(times(), 1);
        *asked.status.lock() = "200 OK";
        assert!(get(FLOOR).is_ok());
        assert!(get(FLOOR + LIFE / 2).is_ok());
        assert_eq!(times(), 2);
    }

    #[test]
    fn what_was_told_holds_while_the_provider_is_not_there() {
        let asked = provider();
        *asked.status.lock() = "200 OK";
        let (known, start) = (KnownMetadata::default(), Instant::now());
        known.get(&Http::new(), &asked.client, start).ok().unwrap();
        // Nobody listens there.
        let gone = ClientConfig::new("http://127.0.0.1:1").ok().unwrap();
        let get = |after| known.get(&Http::new(), &gone, start + after);
        assert!(get(LIFE).is_ok());
        assert!(known.last().is_some());
    }
}
