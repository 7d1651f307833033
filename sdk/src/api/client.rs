//! The connection under all calls: one pool, one credential, one way to turn
//! an answer into a value or an [`ApiError`].

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::error::{ApiError, Problem};

/// The longest answer that is read into memory, in bytes. A page of 10,000
/// observations has about 2 MB.
const MAX_ANSWER_BYTES: u64 = 64 << 20;
/// A connection to the platform stands within this time.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// Nothing came for this long: the connection is given up. A stream's
/// keep-alive comments come every 15 s.
const SILENCE_LIMIT: Duration = Duration::from_secs(60);

/// How a client proves itself.
#[derive(Clone, Default)]
pub enum ApiCredential {
    /// Public data only.
    #[default]
    None,
    /// An operator's token (`mdo_...`) or an API key (`mdk_...`).
    Bearer(String),
}

/// What a client needs to know.
#[derive(Clone, Default)]
pub struct ApiConfig {
    /// As `http://127.0.0.1:8080`, without `/v1`.
    pub base_url: String,
    pub credential: ApiCredential,
    /// Trusted beside nothing else, as for a self-signed certificate. `None`
    /// trusts the public authorities.
    pub root_certificate_pem: Option<String>,
}

/// The open API. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct ApiClient {
    agent: Agent,
    base: String,
    authorization: Option<String>,
}

/// One request before it is sent.
pub(super) struct Call<'a> {
    pub method: &'static str,
    pub path: &'a str,
    pub body: Option<(&'a str, &'a [u8])>,
    pub headers: &'a [(&'a str, &'a str)],
}

impl ApiClient {
    pub fn new(config: &ApiConfig) -> Result<Self, ApiError> {
        let mut tls = TlsConfig::builder();
        if let Some(pem) = &config.root_certificate_pem {
            let root = Certificate::from_pem(pem.as_bytes())
                .map_err(|cause| ApiError::Certificate(Box::new(cause)))?;
            tls = tls.root_certs(RootCerts::new_with_certs(&[root]));
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_DEADLINE))
            .timeout_per_read(Some(SILENCE_LIMIT))
            .timeout_per_write(Some(SILENCE_LIMIT))
            .user_agent(concat!("madang-sdk/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .build()
            .new_agent();
        Ok(Self {
            agent,
            base: config.base_url.trim_end_matches('/').to_owned(),
            authorization: match &config.credential {
                ApiCredential::None => None,
                ApiCredential::Bearer(secret) => Some(format!("Bearer {}", secret.trim())),
            },
        })
    }

    /// A client over plain HTTP or a public certificate.
    pub fn connect(base_url: &str, credential: ApiCredential) -> Result<Self, ApiError> {
        Self::new(&ApiConfig {
            base_url: base_url.to_owned(),
            credential,
            root_certificate_pem: None,
        })
    }

    /// The same connections under another credential.
    #[must_use]
    pub fn with_credential(&self, credential: &ApiCredential) -> Self {
        Self {
            authorization: match credential {
                ApiCredential::None => None,
                ApiCredential::Bearer(secret) => Some(format!("Bearer {}", secret.trim())),
            },
            ..self.clone()
        }
    }

    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// What an error names: whoever reads it may have asked the wrong server.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        self.json(&Call {
            method: "GET",
            path,
            body: None,
            headers: &[],
        })
    }

    pub(super) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        self.with_json_body("POST", path, body)
    }

    pub(super) fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        self.with_json_body("PATCH", path, body)
    }

    fn with_json_body<T: DeserializeOwned>(
        &self,
        method: &'static str,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        let body = serde_json::to_vec(body).map_err(|cause| unreadable(method, path, cause))?;
        self.json(&Call {
            method,
            path,
            body: Some(("application/json", &body)),
            headers: &[],
        })
    }

    /// Sends and reads the answer as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, ApiError> {
        let body = self.bytes(call)?;
        serde_json::from_slice(&body)
            .map_err(|cause| unreadable(call.method, &self.address(call.path), cause))
    }

    /// Sends and reads the whole answer.
    pub(super) fn bytes(&self, call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
        let mut response = self.send(call)?;
        response
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .read_to_vec()
            .map_err(|cause| unreachable(call.method, &self.address(call.path), cause))
    }

    /// Sends; a status of 400 and above is an error.
    pub(super) fn send(&self, call: &Call<'_>) -> Result<Response<Body>, ApiError> {
        let mut request = ureq::http::Request::builder()
            .method(call.method)
            .uri(self.address(call.path));
        // A call's own authorization takes the client's place.
        let own = call
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if let (Some(authorization), false) = (&self.authorization, own) {
            request = request.header("authorization", authorization);
        }
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        let sent = match call.body {
            Some((content_type, body)) => request
                .header("content-type", content_type)
                .body(body)
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request)),
            None => request
                .body(())
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request)),
        };
        let mut response =
            sent.map_err(|cause| unreachable(call.method, &self.address(call.path), cause))?;
        if response.status().as_u16() < 300 {
            return Ok(response);
        }
        Err(ApiError::Refused {
            method: call.method,
            url: self.address(call.path),
            problem: Box::new(problem(&mut response)),
        })
    }
}

/// Reads problem+json; anything else (a proxy's page) is quoted in short.
fn problem(response: &mut Response<Body>) -> Problem {
    /// How much of a foreign answer is quoted, in characters.
    const QUOTED_CHARS: usize = 200;
    let status = response.status();
    let body = response
        .body_mut()
        .with_config()
        .limit(MAX_ANSWER_BYTES)
        .read_to_vec()
        .unwrap_or_default();
    let mut problem: Problem = serde_json::from_slice(&body).unwrap_or_else(|_| Problem {
        title: status.canonical_reason().unwrap_or("refused").to_owned(),
        detail: String::from_utf8_lossy(&body)
            .chars()
            .take(QUOTED_CHARS)
            .collect(),
        ..Problem::default()
    });
    problem.status = status.as_u16();
    problem
}

fn unreachable(method: &'static str, url: &str, cause: ureq::Error) -> ApiError {
    ApiError::Transport {
        method,
        url: url.to_owned(),
        cause: Box::new(cause),
    }
}

pub(super) fn unreadable(method: &'static str, url: &str, cause: serde_json::Error) -> ApiError {
    ApiError::Answer {
        method,
        url: url.to_owned(),
        cause,
    }
}

/// Builds `path?name=value&...` and leaves out what is not set.
pub(super) struct Query {
    text: String,
    separator: char,
}

impl Query {
    pub(super) fn new(path: &str) -> Self {
        Self {
            text: path.to_owned(),
            separator: '?',
        }
    }

    pub(super) fn add(&mut self, name: &str, value: Option<impl ToString>) -> &mut Self {
        if let Some(value) = value {
            self.text.push(self.separator);
            self.separator = '&';
            self.text.push_str(name);
            self.text.push('=');
            percent_encode(&value.to_string(), &mut self.text);
        }
        self
    }

    pub(super) fn finish(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}

/// Everything but RFC 3986's unreserved characters, and the comma and colon
/// that read better in a list or a time.
pub(super) fn percent_encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' | b':' => {
                out.push(char::from(byte));
            }
            _ => {
                let digit = |nibble: u8| char::from(b"0123456789ABCDEF"[usize::from(nibble)]);
                out.push('%');
                out.push(digit(byte >> 4));
                out.push(digit(byte & 15));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_carries_each_character_whole() {
        let mut query = Query::new("/v1/latest");
        query
            .add("agency", Some("a&b=c"))
            .add("domain", None::<&str>)
            .add("near", Some("37.5,126.9,500"))
            .add("to", Some("2026-05-01T09:00:00+09:00"));
        assert_eq!(
            query.finish(),
            "/v1/latest?agency=a%26b%3Dc&near=37.5,126.9,500&to=2026-05-01T09:00:00%2B09:00"
        );
    }
}
