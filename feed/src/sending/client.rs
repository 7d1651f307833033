//! Requests to the store: what is asked, and what its answers mean.
//!
//! A request ends within [`ANSWER_DEADLINE`], whatever the store does. No
//! redirect is followed: a token goes to the configured address alone.

use std::error::Error;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use ureq::http::{self, Response, header};
use ureq::unversioned::resolver::DefaultResolver;
// Outside of ureq's promise of stable versions: a change shows at build time.
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, Transport};
use ureq::{Agent, Body};

use crate::config::{Target, TokenFile};
use crate::sending::retry_after;

/// A connection stands within this time, TLS included.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// A request is answered within this time, connecting and sending included.
pub(crate) const ANSWER_DEADLINE: Duration = Duration::from_secs(30);
/// Longer than the pauses between our requests: who ends an idle connection is
/// the store.
const IDLE_CONNECTION: Duration = Duration::from_secs(3_600);
/// The most that is read of an answer's body, in bytes.
const MAX_SAID_BYTES: u64 = 64 << 10;
/// How much of it is told, in characters.
const TOLD_CHARS: usize = 200;
/// The most that is read of a store's metrics, in bytes.
const MAX_METRICS_BYTES: u64 = 8 << 20;

/// What the store made of a batch.
#[derive(Debug)]
pub(crate) enum Answer {
    Written(Link),
    /// 413.
    TooLarge,
    /// 400 and 422: some line cannot be taken.
    BadLines {
        said: String,
    },
    NotNow(Failure),
}

/// Why nothing was written that could be written another time.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// No answer, or not a whole one.
    Unreachable { cause: String },
    /// 5xx.
    Failing {
        status: u16,
        retry_after: Option<Duration>,
        said: String,
    },
    /// 429.
    Busy { retry_after: Option<Duration> },
    /// Any other status: cannot get better by itself.
    Refused { status: u16, said: String },
}

impl Failure {
    /// How long the store asks to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failing { retry_after, .. } | Self::Busy { retry_after } => *retry_after,
            Self::Unreachable { .. } | Self::Refused { .. } => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { cause } => write!(f, "no answer: {cause}"),
            Self::Failing { status, said, .. } => write!(f, "it fails with {status}: {said}"),
            Self::Busy { .. } => f.write_str("it has too much to do (429)"),
            Self::Refused { status, said } => {
                write!(f, "it refuses with {status}, which needs somebody: {said}")
            }
        }
    }
}

/// The connection that an answer came on. One that takes the place of another
/// whose end the store had announced is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Link(u64);

/// Which process answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Process {
    /// The time of its start, as it tells it.
    Started(String),
    /// It tells nothing of itself.
    Anonymous,
}

pub(crate) struct Client {
    agent: Agent,
    connections: Arc<AtomicU64>,
    /// Of them, those whose end the store has announced.
    ended: u64,
    write_url: String,
    metrics_url: String,
    token: Option<TokenFile>,
    authorization: Option<String>,
    compressed: Vec<u8>,
}

impl Client {
    pub(crate) fn new(target: &Target, token: Option<TokenFile>) -> Self {
        let connections = Arc::<AtomicU64>::default();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(CONNECT_DEADLINE))
            .timeout_global(Some(ANSWER_DEADLINE))
            .max_idle_connections(1)
            .max_idle_age(IDLE_CONNECTION)
            .user_agent(concat!("madang-feed/", env!("CARGO_PKG_VERSION")))
            .build();
        let connector = CountingConnector {
            inner: DefaultConnector::default(),
            count: Arc::clone(&connections),
        };
        let mut client = Self {
            agent: Agent::with_parts(config, connector, DefaultResolver::default()),
            connections,
            ended: 0,
            write_url: target.write_url(),
            metrics_url: target.metrics_url(),
            token,
            authorization: None,
            compressed: Vec::new(),
        };
        client.read_token();
        client
    }

    /// For ending a request that is under way from another thread.
    pub(crate) fn agent(&self) -> Agent {
        self.agent.clone()
    }

    /// Sends lines.
    pub(crate) fn write(&mut self, lines: &[u8]) -> Answer {
        self.compress(lines);
        let request = self
            .request(http::Method::POST, &self.write_url)
            .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
            .header(header::CONTENT_ENCODING, "gzip")
            .body(self.compressed.as_slice());
        let answer = request
            .map_err(ureq::Error::from)
            .and_then(|request| self.agent.run(request));
        let answer = match answer {
            Ok(mut response) => self.meaning(&mut response),
            Err(error) => Answer::NotNow(unreachable(&error)),
        };
        if let Answer::NotNow(Failure::Refused { .. }) = answer {
            self.read_token();
        }
        answer
    }

    /// Asks which process answers; with the connection that it answered on.
    pub(crate) fn process(&mut self) -> Result<(Process, Link), Failure> {
        let request = self
            .request(http::Method::GET, &self.metrics_url)
            .body(())
            .map_err(ureq::Error::from);
        let mut response = request
            .and_then(|request| self.agent.run(request))
            .map_err(|error| unreachable(&error))?;
        let link = self.link(&response);
        let ok = response.status() == http::StatusCode::OK;
        let metrics = read(&mut response, MAX_METRICS_BYTES);
        let process = match metrics {
            Ok(metrics) if ok => started(&metrics).map_or(Process::Anonymous, Process::Started),
            Ok(_) => Process::Anonymous,
            // Too long is no metrics; but one that breaks off may be dying.
            Err(ureq::Error::BodyExceedsLimit(_)) => Process::Anonymous,
            Err(error) => return Err(unreachable(&error)),
        };
        Ok((process, link))
    }

    fn request(&self, method: http::Method, url: &str) -> http::request::Builder {
        let request = http::Request::builder().method(method).uri(url);
        match &self.authorization {
            Some(authorization) => request.header(header::AUTHORIZATION, authorization),
            None => request,
        }
    }

    fn compress(&mut self, lines: &[u8]) {
        let mut buffer = std::mem::take(&mut self.compressed);
        buffer.clear();
        let mut encoder = GzEncoder::new(buffer, Compression::fast());
        encoder.write_all(lines).expect("a Vec takes all");
        self.compressed = encoder.finish().expect("a Vec takes all");
    }

    fn meaning(&mut self, response: &mut Response<Body>) -> Answer {
        let link = self.link(response);
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| retry_after::parse(value.to_str().ok()?, SystemTime::now()));
        // Read in any case: the connection is free again then.
        let said = read(response, MAX_SAID_BYTES).unwrap_or_default();
        let said = told(&said);
        let status = response.status().as_u16();
        match status {
            200..=299 => Answer::Written(link),
            413 => Answer::TooLarge,
            400 | 422 => Answer::BadLines { said },
            429 => Answer::NotNow(Failure::Busy { retry_after }),
            500..=599 => Answer::NotNow(Failure::Failing {
                status,
                retry_after,
                said,
            }),
            _ => Answer::NotNow(Failure::Refused { status, said }),
        }
    }

    fn link(&mut self, response: &Response<Body>) -> Link {
        let connections = self.connections.load(Ordering::Relaxed);
        let link = Link(connections.saturating_sub(self.ended));
        self.ended += u64::from(ends(response.version(), response.headers()));
        link
    }

    /// A file that cannot be read leaves the token as it was.
    fn read_token(&mut self) {
        match self.token.as_ref().map(TokenFile::read) {
            Some(Ok(token)) => self.authorization = Some(format!("Token {token}")),
            Some(Err(error)) => tracing::warn!(%error, "the feed keeps its token"),
            None => {}
        }
    }
}

/// Whether an answer announces the end of its connection, as `ureq` reads it.
fn ends(version: http::Version, headers: &http::HeaderMap) -> bool {
    let says = |token: &str| {
        let values = headers.get_all(header::CONNECTION).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|told| told.trim().eq_ignore_ascii_case(token))
    };
    says("close") || (version == http::Version::HTTP_10 && !says("keep-alive"))
}

fn read(response: &mut Response<Body>, limit: u64) -> Result<Vec<u8>, ureq::Error> {
    response.body_mut().with_config().limit(limit).read_to_vec()
}

/// The value of the metric that Prometheus' clients give every process.
fn started(metrics: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(metrics);
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("process_start_time_seconds "))?;
    Some(value.trim().to_owned())
}

/// A store's words on one line, in short.
fn told(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.trim()
        .chars()
        .take(TOLD_CHARS)
        .map(printable)
        .collect()
}

fn unreachable(error: &ureq::Error) -> Failure {
    let mut cause = error.to_string();
    if let Some(source) = error.source() {
        cause = format!("{cause}: {source}");
    }
    Failure::Unreachable { cause }
}

/// Makes connections and counts them: a new one may lead to a new process.
#[derive(Debug)]
struct CountingConnector {
    inner: DefaultConnector,
    count: Arc<AtomicU64>,
}

impl Connector for CountingConnector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.inner.connect(details, chained)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_process_is_found_among_its_metrics() {
        let metrics = b"# HELP process_start_time_seconds Start time\n\
            # TYPE process_start_time_seconds gauge\n\
            process_start_time_seconds 1.7636e+09\nvm_rows 1\n";
        assert_eq!(started(metrics).as_deref(), Some("1.7636e+09"));
        assert_eq!(started(b"vm_process_start_time_seconds 1\n"), None);
        assert_eq!(started(b"<html>"), None);
    }
    #[test]
    fn an_answer_announces_the_end_of_its_connection() {
        use http::Version;

        for (version, values, expected) in [
            (Version::HTTP_11, &[][..], false),
            (Version::HTTP_11, &["keep-alive"], false),
            (Version::HTTP_11, &["close"], true),
            (Version::HTTP_11, &["Keep-Alive, Close"], true),
            (Version::HTTP_11, &["keep-alive", "close"], true),
            (Version::HTTP_11, &["closed"], false),
            (Version::HTTP_10, &[], true),
            (Version::HTTP_10, &["Keep-Alive"], false),
            (Version::HTTP_10, &["upgrade,keep-alive"], false),
            (Version::HTTP_10, &["keep-alive, close"], true),
        ] {
            let mut headers = http::HeaderMap::new();
            for value in values {
                let value = http::HeaderValue::from_static(value);
                headers.append(header::CONNECTION, value);
            }
            assert_eq!(ends(version, &headers), expected, "{version:?} {values:?}");
        }
    }

    /// It says so, and its next answer comes on the same connection all the same.
    #[test]
    fn a_connection_that_goes_on_after_its_end_was_told_is_no_fault() {
        let target = Target::new("http://127.0.0.1:1").unwrap();
        let mut client = Client::new(&target, None);
        let mut answer = Response::new(Body::builder().data(""));
        *answer.version_mut() = http::Version::HTTP_10;
        for _ in 0..3 {
            client.link(&answer);
        }
        assert_eq!(client.link(&answer), Link(0));
    }
}
