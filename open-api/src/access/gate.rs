//! The middleware before the handlers below `/v1`: who asks, how much they
//! may, and whether another site's page may read the answer.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use device_registry::ApiKeyKind;
use http_edge::Problem;
use http_edge::access::{Recheck, cors, may_change, take_url_key};
use http_edge::limits::Allowance;
use http_edge::request::Arrival;

use super::identify::identify;
use super::long_answer::may_be_long;
use super::{Admission, Caller};
use crate::permits::asked_by;
use crate::quota::Account;
use crate::state::ApiState;

/// Where passwords, codes and invitations are tried.
const LOGIN_PATHS: [&str; 4] = [
    "/v1/session",
    "/v1/session/password",
    "/v1/invitation",
    "/v1/invitation/accept",
];

/// Where a login at an identity provider begins, by a link.
const PROVIDER_PATH: &str = "/v1/session/oidc";

/// Public reads: other sites' pages may ask.
pub(crate) async fn public(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    if cors::is_preflight(request.method(), request.headers()) {
        return cors::preflight();
    }
    let origin = request.headers().get(axum::http::header::ORIGIN).cloned();
    let (caller, mut response) = pass(&state, request, next).await;
    let bound = matches!(&caller, Caller::Application(key) if key.kind == ApiKeyKind::Publishable);
    cors::allow(response.headers_mut(), origin.as_ref().filter(|_| bound));
    response
}

/// Everything else: only the platform's own pages and programs.
pub(crate) async fn guarded(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    pass(&state, request, next).await.1
}

async fn pass(state: &ApiState, request: Request, next: Next) -> (Caller, Response) {
    let (mut parts, body) = request.into_parts();
    let Some(arrival) = parts.extensions.get::<Arrival>().cloned() else {
        return (
            Caller::Anonymous,
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        );
    };
    let url_key = take_url_key(&mut parts.uri);
    let identified = identify(state, &arrival, &parts, url_key.as_deref());

    let account = account_of(&identified, &arrival);
    let path = parts.uri.path();
    let logs_in =
        path == PROVIDER_PATH || (parts.method == Method::POST && LOGIN_PATHS.contains(&path));
    let taken = if logs_in {
        state.throttle.take_login(arrival.client)
    } else if matches!(account, Account::ServiceToken(_) | Account::Person(_))
        && may_change(&parts.method)
    {
        state.throttle.take_change(&account)
    } else {
        state.throttle.take(&account)
    };
    let allowance = match taken {
        Ok(allowance) => allowance,
        Err(refused) => {
            let problem = refused.problem(match account {
                _ if logs_in => "logins from an address",
                Account::Address(_) => "an address without a key",
                Account::Key(_) => "this key",
                Account::Operator => "the operators",
                Account::Person(_) => "this person",
                Account::ServiceToken(_) => "this service token",
                Account::Device(_) => "this device",
            });
            let caller = identified.unwrap_or(Caller::Anonymous);
            return (
                caller,
                with_allowance(problem.into_response(), refused.allowance()),
            );
        }
    };
    match identified {
        Err(problem) => {
            let problem: Problem = problem;
            (
                Caller::Anonymous,
                with_allowance(problem.into_response(), allowance),
            )
        }
        Ok(caller) => {
            let reads = !may_change(&parts.method);
            let admission = if reads {
                Admission::reading(caller.clone(), state)
            } else {
                Admission::of(caller.clone())
            };
            parts.extensions.insert(caller.clone());
            parts.extensions.insert(admission.clone());
            parts.extensions.insert(account.clone());
            parts.extensions.insert(recheck(state, &admission));
            let long = may_be_long(&parts.uri);
            let answer = asked_by(account, next.run(Request::from_parts(parts, body)));
            let mut response = if long {
                state.long_answers.run(answer).await
            } else {
                answer.await
            };
            // What was read may have waited for its turn.
            if reads && !admission.holds(state) {
                response = admission.lost(state).into_response();
            }
            // A handler with a quota of its own has told that one.
            if response.headers().contains_key("ratelimit-limit") {
                return (caller, response);
            }
            (caller, with_allowance(response, allowance))
        }
    }
}

/// Whose quota pays for the request.
fn account_of(identified: &Result<Caller, Problem>, arrival: &Arrival) -> Account {
    match identified {
        Ok(Caller::Operator { .. }) => Account::Operator,
        Ok(Caller::Person { of, .. }) => Account::Person(of.person.id.clone()),
        Ok(Caller::Application(key)) => Account::Key(key.id.clone()),
        Ok(Caller::ServiceToken { token, .. }) => Account::ServiceToken(token.id.clone()),
        // A wrong key counts as none: guessing is paid by the address.
        Ok(Caller::Anonymous) | Err(_) => Account::of_address(arrival.client),
    }
}

fn with_allowance(mut response: Response, allowance: Allowance) -> Response {
    allowance.tell(response.headers_mut());
    response
}

/// Judges the caller again: its right may have gone since the head came.
fn recheck(state: &ApiState, admission: &Admission) -> Recheck {
    let (state, admission) = (state.clone(), admission.clone());
    Recheck::new(move || {
        if admission.holds(&state) {
            Ok(())
        } else {
            Err(admission.lost(&state))
        }
    })
}
