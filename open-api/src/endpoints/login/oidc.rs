//! `/v1/session/oidc`: a login at an identity provider (OpenID Connect, the
//! authorization code flow with PKCE), and the provider's word of a logout.
//!
//! A browser comes here by a link and not by a script: what is wrong is told by
//! the page, to which it goes back with a code.

use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use device_registry::{Person, ProviderIdentity, ProviderLogin, ProviderLoginError};
use domain::Timestamp;
use http_edge::access::Cookie;
use http_edge::request::{Arrival, Query, media_type, read_body};
use http_edge::{Problem, ProblemKind};
use openid::{Identity, OpenIdError};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

use super::session::open_session;
use crate::access::{LoggedIn, ProvedBy, SessionHolder};
use crate::state::{ApiState, Shared, StandingSignOn};

/// The longest body of a logout, in bytes: a token of 32 KiB is refused later.
const MAX_LOGOUT_BYTES: usize = 40 * 1024;
/// The browser that has begun a login.
const COOKIE: Cookie = Cookie::new(
    "__Host-madang-login",
    "madang_login",
    Duration::from_secs(600),
);
/// Where the page stands that people log in on.
const PAGE: &str = "/ops";

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BeginQuery {
    /// The provider asks for the password once more, as what needs a login within
    /// the last 5 minutes (`login-again`).
    #[serde(default)]
    again: bool,
}

/// Sends a browser to the identity provider to log in there. It comes back to
/// `/v1/session/oidc/callback`.
#[utoipa::path(get, path = "/v1/session/oidc", tag = "login", params(BeginQuery),
    responses((status = 303, description = "To the provider; or back to the page, with the reason in #login-fault="),
        (status = 404, description = "People log in by name and password alone")),
    security(()))]
pub(crate) async fn begin(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    Query(query): Query<BeginQuery>,
) -> Result<Response, Problem> {
    let address = arrival.client;
    let begun = state
        .asking_provider(move |_, sign_on| sign_on.provider.begin(address, query.again))
        .await?
        .ok_or_else(not_configured)?;
    Ok(match begun {
        Ok((cookie, url)) => see_other(&url, [COOKIE.set(&cookie, arrival.scheme)]),
        Err(error) => back_to_page(&arrival, &Fault::from(error)),
    })
}

/// What the provider sends the browser back with; it may send more.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Where the identity provider sends a browser back to: opens a session, and
/// sends it on to the page.
#[utoipa::path(get, path = "/v1/session/oidc/callback", tag = "login",
    responses((status = 303, description = "To the page: logged in, or with the reason in #login-fault="),
        (status = 404, description = "People log in by name and password alone")),
    security(()))]
pub(crate) async fn callback(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let answer = serde_urlencoded::from_str(uri.query().unwrap_or_default());
    let answer: Answer = answer.map_err(|_| {
        Problem::new(
            ProblemKind::INVALID_PARAMETER,
            "This is where an identity provider sends a browser back to: begin at /v1/session/oidc.",
        )
    })?;
    let cookie = COOKIE.find(&headers, arrival.scheme).map(str::to_owned);
    let (address, now) = (arrival.client, state.now());
    let found = state
        .asking_provider(move |shared, sign_on| {
            let identity = identify(sign_on, &answer, cookie.as_deref(), now)?;
            let login = ProviderLogin {
                identity: ProviderIdentity {
                    issuer: sign_on.provider.issuer().to_owned(),
                    subject: identity.subject.clone(),
                },
                login_name: identity.login_name.clone(),
                name: identity.name.clone(),
                grants: sign_on.roles.of(&identity.groups),
            };
            let person = shared.registry.log_in_by_provider(address, login)?;
            Ok((person, identity))
        })
        .await?
        .ok_or_else(not_configured)?;
    match found {
        Ok((person, identity)) => enter(&state, &arrival, &headers, person, identity),
        Err(fault) => Ok(back_to_page(&arrival, &fault)),
    }
}

fn identify(
    sign_on: &StandingSignOn,
    answer: &Answer,
    cookie: Option<&str>,
    now: Timestamp,
) -> Result<Identity, Fault> {
    let provider = &sign_on.provider;
    let attempt = provider.take(&answer.state, cookie)?;
    let code = match (&answer.code, &answer.error) {
        (_, Some(error)) => Err(error.as_str()),
        (Some(code), None) => Ok(code.as_str()),
        (None, None) => Err("there is neither `code` nor `error`"),
    };
    Ok(provider.finish(&attempt, code, answer.iss.as_deref(), seconds(now))?)
}

fn enter(
    state: &ApiState,
    arrival: &Arrival,
    headers: &HeaderMap,
    person: Arc<Person>,
    identity: Identity,
) -> Result<Response, Problem> {
    // A login that the provider remembers is as old as it says.
    let proved = Timestamp::from_micros(identity.proved.saturating_mul(1_000_000));
    let logged_in = proved.min(state.now());
    let proved_by = ProvedBy::Provider(Arc::new(identity));
    let holder = SessionHolder::Person(LoggedIn::new(person, proved_by));
    let (cookie, _) = open_session(state, arrival, headers, holder, logged_in)?;
    Ok(see_other(PAGE, [cookie, COOKIE.clear(arrival.scheme)]))
}

/// Of the identity provider: somebody has logged out there, or is gone.
#[derive(Deserialize, ToSchema)]
#[schema(as = BackchannelLogout, example = json!({"logout_token": "eyJ..."}))]
pub(crate) struct LogoutBody {
    logout_token: String,
}

/// The identity provider tells that somebody has logged out there (OpenID Connect
/// Back-Channel Logout 1.0): those sessions end.
#[utoipa::path(post, path = "/v1/session/oidc/backchannel", tag = "login",
    request_body(content = LogoutBody, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "They have ended"), (status = 400, description = "The token is not taken"),
        (status = 404, description = "People log in by name and password alone")),
    security(()))]
pub(crate) async fn log_out(
    State(state): State<ApiState>,
    request: Request,
) -> Result<Response, Problem> {
    if state.sign_on.is_none() {
        return Err(not_configured());
    }
    let refused = || Problem::body("Send logout_token as a form, as identity providers do.");
    let kind = media_type(request.headers());
    if kind.is_none_or(|kind| kind != "application/x-www-form-urlencoded") {
        return Err(refused());
    }
    let body = read_body(request, MAX_LOGOUT_BYTES).await?;
    let body: LogoutBody = serde_urlencoded::from_bytes(&body).map_err(|_| refused())?;
    let now = state.now();
    let ended = state
        .asking_provider(move |shared, sign_on| end_sessions(shared, sign_on, &body, now))
        .await?
        .ok_or_else(not_configured)?;
    ended.map_err(|error| {
        tracing::warn!(%error, "a logout of the identity provider is refused");
        Problem::body(format!("The logout is not taken: {error}."))
    })?;
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::OK, no_store).into_response())
}

fn end_sessions(
    shared: &Shared,
    sign_on: &StandingSignOn,
    body: &LogoutBody,
    now: Timestamp,
) -> Result<(), OpenIdError> {
    let ended = sign_on
        .provider
        .logged_out(&body.logout_token, seconds(now))?;
    shared.sessions.keep(|holder| !holder.is_among(&ended));
    Ok(())
}

/// Why somebody is not let in, for the page.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Provider(#[from] OpenIdError),
    #[error(transparent)]
    Person(#[from] ProviderLoginError),
}

impl Fault {
    /// What the page tells; what is wrong at the provider, only the log does.
    fn code(&self) -> &'static str {
        match self {
            Self::Provider(OpenIdError::Unreachable { .. }) => "provider-unreachable",
            Self::Provider(OpenIdError::UnknownLogin) => "login-over",
            Self::Provider(OpenIdError::Refused(_)) => "provider-refused",
            Self::Provider(_) => "provider-not-believed",
            Self::Person(ProviderLoginError::NoRole) => "no-role",
            Self::Person(ProviderLoginError::Disabled(_)) => "account-disabled",
            Self::Person(_) => "login-failed",
        }
    }
}

fn back_to_page(arrival: &Arrival, fault: &Fault) -> Response {
    tracing::warn!(client = %arrival.client, error = %fault, "nobody is logged in by the identity provider");
    let page = format!("{PAGE}#login-fault={}", fault.code());
    see_other(&page, [COOKIE.clear(arrival.scheme)])
}

/// No cache keeps what one browser is given.
fn see_other<const N: usize>(url: &str, cookies: [HeaderValue; N]) -> Response {
    let location = match HeaderValue::try_from(url) {
        Ok(location) => location,
        Err(error) => return Problem::internal(&error).into_response(),
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

fn not_configured() -> Problem {
    Problem::not_found(
        "No identity provider is set up here (--oidc-issuer): log in by name and password at /ops.",
    )
}

fn seconds(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(1_000_000)
}
