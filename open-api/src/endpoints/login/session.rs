//! `/v1/session`: a login from a browser.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use device_registry::{LoginAttempt, LoginError, is_recovery_code};
use domain::Timestamp;
use http_edge::access::{Place, clear_cookie, session_cookie, set_cookie};
use http_edge::request::{Arrival, LargeJsonBody};
use http_edge::{Problem, ProblemKind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MAX_ANONYMOUS_BODY_BYTES, login_problem};
use crate::access::{Holding, LoggedIn, Proof, ProvedBy, Session, SessionHolder};
use crate::state::ApiState;
use crate::views::{LoggedOutView, SessionView};

/// What opens a session: a person's name, password and code, or the operator's
/// token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSession, example = json!({"name": "kim", "password": "...", "code": "123456"}))]
pub(crate) struct NewSessionBody {
    name: Option<String>,
    password: Option<String>,
    /// Of the authenticator app, or a recovery code. Left out where there is
    /// none: whether one is needed is told then (`code-needed`).
    code: Option<String>,
    /// The operator's token, of `DIR/admin.token`, in the place of all others.
    token: Option<String>,
}

/// Logs somebody in: the reply sets a cookie that scripts cannot read. It ends
/// after 12 hours, or after one without a request.
#[utoipa::path(post, path = "/v1/session", tag = "login", request_body = NewSessionBody,
    responses((status = 201, body = SessionView),
        (status = 401, description = "`code` tells why: wrong-name-or-password, code-needed, wrong-code, authenticator-missing"),
        (status = 429, description = "Too many logins have failed: Retry-After tells when to go on")))]
pub(crate) async fn open(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    LargeJsonBody(body): LargeJsonBody<NewSessionBody, MAX_ANONYMOUS_BODY_BYTES>,
) -> Result<Response, Problem> {
    let holder = match body {
        NewSessionBody {
            token: Some(token),
            name: None,
            password: None,
            code: None,
        } => with_token(&state, token.trim())?,
        NewSessionBody {
            token: None,
            name: Some(name),
            password: Some(password),
            code,
        } => with_password(&state, &arrival, name, password, code).await?,
        _ => {
            return Err(Problem::body(
                "Send name and password, with a code where there is an authenticator app, or token alone.",
            ));
        }
    };
    let now = state.now();
    hand_out(&state, &arrival, &headers, holder, now)
}

fn with_token(state: &ApiState, token: &str) -> Result<SessionHolder, Problem> {
    if state.is_operator_token(token) {
        return Ok(SessionHolder::Token);
    }
    Err(Problem::new(
        ProblemKind::UNAUTHENTICATED,
        "The token is not known. It stands in the file admin.token of the data folder, and may be switched off.",
    ))
}

async fn with_password(
    state: &ApiState,
    arrival: &Arrival,
    name: String,
    password: String,
    code: Option<String>,
) -> Result<SessionHolder, Problem> {
    let proof = match &code {
        Some(code) if is_recovery_code(code) => Proof::RecoveryCode,
        _ => Proof::Guessable,
    };
    let attempt = state.login_delays.begin(&name, arrival.client, proof)?;
    let address = arrival.client;
    let outcome = state
        .hashing(move |shared| {
            let attempt = LoginAttempt {
                name: &name,
                password: &password,
                code: code.as_deref().filter(|code| !code.trim().is_empty()),
                address,
            };
            let policy = shared.login;
            let factor = |person: &_| policy.factor_of(person);
            shared.registry.log_person_in(attempt, factor)
        })
        .await?;
    let (person, login) = match outcome {
        Ok(found) => found,
        Err(error) => return Err(attempt.failed(login_problem(&error))),
    };
    // What stands beside the password as a recovery code was not looked at.
    if !login.has_second_factor() && attempt.overtakes() {
        return Err(attempt.failed(login_problem(&LoginError::Refused)));
    }
    attempt.succeeded();
    Ok(SessionHolder::Person(LoggedIn::new(
        person,
        ProvedBy::Login(login),
    )))
}

/// Opens a session of who logged in at `logged_in`, and answers with its cookie.
pub(super) fn hand_out(
    state: &ApiState,
    arrival: &Arrival,
    headers: &HeaderMap,
    holder: SessionHolder,
    logged_in: Timestamp,
) -> Result<Response, Problem> {
    let (cookie, session) = open_session(state, arrival, headers, holder, logged_in)?;
    let view = SessionView::new(&session.holder, Some(session.until));
    Ok((
        StatusCode::CREATED,
        [(header::SET_COOKIE, cookie)],
        Json(view),
    )
        .into_response())
}

/// Opens a session of who logged in at `logged_in`: its cookie, for the browser.
pub(super) fn open_session(
    state: &ApiState,
    arrival: &Arrival,
    headers: &HeaderMap,
    holder: SessionHolder,
    logged_in: Timestamp,
) -> Result<(HeaderValue, Session), Problem> {
    let place = Place::of(arrival.client, headers);
    let (cookie, session) = state
        .sessions
        .open(holder, place, logged_in, state.now())
        .map_err(|error| Problem::internal(&error))?;
    // What has changed meanwhile has ended the sessions of before alone.
    if !session.holder.stands(&state.registry.snapshot()) {
        state.sessions.end(&session.holder, &session.id());
        return Err(Problem::new(
            ProblemKind::UNAUTHENTICATED,
            "The account was changed in this very moment. Log in again.",
        ));
    }
    Ok((set_cookie(&cookie, arrival.scheme), session))
}

/// Who is logged in, and with which roles.
#[utoipa::path(get, path = "/v1/session", tag = "login",
    responses((status = 200, body = SessionView), (status = 401, description = "Nobody is")),
    security(("session" = []), ("operator" = [])))]
pub(crate) async fn show(holding: Holding) -> Json<SessionView> {
    let until = holding.session.as_ref().map(|session| session.until);
    Json(SessionView::new(&holding.holder, until))
}

/// Logs out; a session that has ended already is no fault. Where it came from an
/// identity provider that can be told, the answer says where the browser goes.
#[utoipa::path(delete, path = "/v1/session", tag = "login",
    responses((status = 204, description = "There is no session any more"),
        (status = 200, body = LoggedOutView, description = "The same, and the browser may log out of the identity provider too")),
    security((), ("session" = [])))]
pub(crate) async fn close(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response {
    let session = session_cookie(&headers, arrival.scheme);
    let session = session.and_then(|cookie| state.sessions.find(cookie, state.now()));
    state.sessions.close(&headers, arrival.scheme);
    let cookie = [(header::SET_COOKIE, clear_cookie(arrival.scheme))];
    let identity = session.as_ref().and_then(|it| it.holder.identity());
    let logout_url = identity.and_then(|identity| {
        let sign_on = state.sign_on.as_ref()?;
        sign_on.provider.logout_url(&identity.id_token)
    });
    match logout_url {
        Some(logout_url) => (cookie, Json(LoggedOutView { logout_url })).into_response(),
        None => (StatusCode::NO_CONTENT, cookie).into_response(),
    }
}
