//! What surrounds every request: its id, its deadline, the counters, the
//! headers that every reply bears, and the body of every problem.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;

use crate::coding::Coding;
use crate::connection::Place;
use crate::problem::Problem;
use crate::problem_kind::ProblemKind;
use crate::reply_body::{compress, hold};
use crate::state::ApiState;

/// How long a request may take until its reply begins: an import of
/// `MAX_IMPORT_BYTES` is the longest.
const REQUEST_DEADLINE: Duration = Duration::from_secs(120);
/// Of an error that axum made itself, at most this many bytes are told.
const MAX_REJECTION_BYTES: usize = 1_024;

/// The connection that a request came on.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// The address of ours that it came to.
    pub(crate) local: Option<SocketAddr>,
    pub(crate) scheme: &'static str,
    /// Becomes true when the platform stops.
    pub(crate) stopping: watch::Receiver<bool>,
    /// Its place among all connections: whoever takes it over holds it.
    pub(crate) place: Arc<Place>,
}

/// What is known of a request's way here.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) client: IpAddr,
    /// As the caller used it: `http` or `https`.
    pub(crate) scheme: &'static str,
    /// The address of ours that it came to.
    pub(crate) local: Option<SocketAddr>,
    /// How the outside world reaches the platform, where that was configured.
    pub(crate) public_url: Option<Arc<str>>,
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) place: Arc<Place>,
}

/// Replies by the hundred of their status, and the source of request ids.
pub(crate) struct HttpCounters {
    by_class: [AtomicU64; 5],
    requests: AtomicU64,
    /// Tells the ids of one start of the platform from another's.
    instance: u32,
}

impl HttpCounters {
    pub(crate) fn new() -> Self {
        let mut random = [0; 4];
        // Without a random number the ids still differ within this start.
        let _ = getrandom::fill(&mut random);
        Self {
            by_class: Default::default(),
            requests: AtomicU64::new(0),
            instance: u32::from_be_bytes(random),
        }
    }

    fn next_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-{number:x}", self.instance)
    }

    fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.by_class[class].fetch_add(1, Ordering::Relaxed);
    }

    /// `("2xx", 1234)` and so on.
    pub(crate) fn by_class(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        ["1xx", "2xx", "3xx", "4xx", "5xx"].into_iter().zip(
            self.by_class
                .iter()
                .map(|count| count.load(Ordering::Relaxed)),
        )
    }
}

/// The outermost middleware.
pub(crate) async fn envelope(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    let request_id = state.http.next_id();
    let Some(arrival) = arrival(&state, &request) else {
        // Only `serve` hands requests in, and it names the peer of each.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let place = Arc::clone(&arrival.place);
    request.extensions_mut().insert(arrival);
    let line = (request.method().clone(), request.uri().path().to_owned());
    let coding = Coding::wanted(request.headers());

    let reply = tokio::time::timeout(REQUEST_DEADLINE, next.run(request)).await;
    let mut response = reply.unwrap_or_else(|_| {
        Problem::new(
            ProblemKind::Unavailable,
            "The request took longer than 120 s.",
        )
        .retry_after(10)
        .into_response()
    });
    response = compress(&state, &line.0, coding, response).await;
    response = hold(&state, &place, response).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        response = with_problem_body(&state, response, &request_id, &line).await;
    }
    state.http.count(response.status());
    finish(&mut response, &request_id);
    response
}

fn arrival(state: &ApiState, request: &Request) -> Option<Arrival> {
    let peer = request.extensions().get::<Peer>()?;
    let proxies = &state.trusted_proxies;
    let scheme = match proxies.forwarded_scheme(peer.address, request.headers()) {
        Some("https") => "https",
        Some(_) => "http",
        None => peer.scheme,
    };
    Some(Arrival {
        client: proxies.client(peer.address, request.headers()),
        scheme,
        local: peer.local,
        public_url: state.public_url.clone(),
        stopping: peer.stopping.clone(),
        place: Arc::clone(&peer.place),
    })
}

async fn with_problem_body(
    state: &ApiState,
    mut response: Response,
    request_id: &str,
    (method, path): &(axum::http::Method, String),
) -> Response {
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None => {
            let status = response.status();
            let body = std::mem::replace(response.body_mut(), Body::empty());
            let text = axum::body::to_bytes(body, MAX_REJECTION_BYTES).await;
            let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            Problem::of_status(status, text.unwrap_or_default())
        }
    };
    let cause = problem.cause().unwrap_or_default();
    if response.status().is_server_error() {
        // Whoever meets a limit gets such a status too: the log is not theirs.
        match state.refusals.tell(response.status()) {
            Some(0) => {
                tracing::error!(request_id, %method, path, status = response.status().as_u16(), cause, "request failed");
            }
            Some(untold) => {
                tracing::error!(request_id, %method, path, status = response.status().as_u16(), cause, untold, "request failed, and others in the last minute that were not told");
            }
            None => {}
        }
    } else {
        tracing::debug!(request_id, %method, path, status = response.status().as_u16(), cause, "request refused");
    }
    *response.body_mut() = Body::from(problem.render(request_id));
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}

fn finish(response: &mut Response, request_id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    for (name, usual) in [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(usual));
    }
}
