//! Requests to the provider: within a time, of a size, and without redirects, so
//! that codes and secrets go where the provider's metadata says and nowhere else.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use ureq::http::{Response, header};
use ureq::{Agent, Body};

use crate::error::OpenIdError;

/// A request is answered within this time, connecting included.
const DEADLINE: Duration = Duration::from_secs(10);
/// The most that is read of an answer, in bytes.
const MAX_ANSWER_BYTES: u64 = 256 << 10;
/// How much of a refusal is told, in characters.
const TOLD_CHARS: usize = 200;

pub(crate) struct Http {
    agent: Agent,
}

impl Http {
    pub(crate) fn new() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(DEADLINE))
            .user_agent(concat!("madang/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.into(),
        }
    }

    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        what: &'static str,
        url: &str,
        bearer: Option<&str>,
    ) -> Result<T, OpenIdError> {
        let mut request = self
            .agent
            .get(url)
            .header(header::ACCEPT, "application/json");
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = request.call();
        read(
            what,
            answer.map_err(|error| OpenIdError::unreachable(what, &error))?,
        )
    }

    /// Sends a form; with `basic`, name and secret of RFC 6749, 2.3.1.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        what: &'static str,
        url: &str,
        form: &str,
        basic: Option<(&str, &str)>,
    ) -> Result<T, OpenIdError> {
        let mut request = self
            .agent
            .post(url)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some((name, secret)) = basic {
            let pair = format!("{}:{}", encoded(name), encoded(secret));
            let pair = STANDARD.encode(pair);
            request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
        }
        let answer = request.send(form);
        read(
            what,
            answer.map_err(|error| OpenIdError::unreachable(what, &error))?,
        )
    }
}

fn encoded(text: &str) -> String {
    let pair = serde_urlencoded::to_string([("", text)]).unwrap_or_default();
    pair.trim_start_matches('=').to_owned()
}

fn read<T: DeserializeOwned>(
    what: &'static str,
    mut answer: Response<Body>,
) -> Result<T, OpenIdError> {
    let status = answer.status();
    let body = answer
        .body_mut()
        .with_config()
        .limit(MAX_ANSWER_BYTES)
        .read_to_string()
        .map_err(|error| OpenIdError::unreachable(what, &error))?;
    if !status.is_success() {
        let told = body.chars().filter(|c| !c.is_control());
        let told: String = told.take(TOLD_CHARS).collect();
        return Err(OpenIdError::Refused(format!("{what}, {status}: {told}")));
    }
    serde_json::from_str(&body).map_err(|error| OpenIdError::unreachable(what, &error))
}
