//! The middleware before the handlers below `/v1`: who asks, how much they
//! may, and whether another site's page may read the answer.

use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::identify::{changes, identify};
use super::{Admission, Caller, cors};
use crate::aside::is_long;
use crate::envelope::Arrival;
use crate::problem::Problem;
use crate::quota::{Account, Allowance};
use crate::reads::asked_by;
use crate::state::ApiState;

/// Where an operator's session is opened.
const LOGIN_PATH: &str = "/v1/session";

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
    cors::allow(response.headers_mut(), &caller, origin.as_ref());
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
    let url_key = take_key(&mut parts.uri);
    let identified = identify(state, &arrival, &parts, url_key.as_deref());

    let account = match &identified {
        Ok(Caller::Operator { .. }) => Account::Operator,
        Ok(Caller::Application(key)) => Account::Key(key.id.clone()),
        // A wrong key counts as none: guessing is paid by the address.
        Ok(Caller::Anonymous) | Err(_) => Account::of_address(arrival.client),
    };
    let logs_in = parts.method == Method::POST && parts.uri.path() == LOGIN_PATH;
    let taken = match logs_in {
        true => state.throttle.take_login(arrival.client),
        false => state.throttle.take(&account),
    };
    let allowance = match taken {
        Ok(allowance) => allowance,
        Err(refused) => {
            let problem = refused.problem(match account {
                _ if logs_in => "logins from an address",
                Account::Address(_) => "an address without a key",
                Account::Key(_) => "this key",
                Account::Operator => "the operators",
                Account::Device(_) => "this device",
            });
            let caller = identified.unwrap_or(Caller::Anonymous);
            return (caller, told(problem.into_response(), refused.allowance()));
        }
    };
    match identified {
        Err(problem) => {
            let problem: Problem = problem;
            (Caller::Anonymous, told(problem.into_response(), allowance))
        }
        Ok(caller) => {
            let admission = Admission::of(caller.clone());
            let reads = !changes(&parts.method);
            parts.extensions.insert(caller.clone());
            parts.extensions.insert(account.clone());
            parts
                .extensions
                .insert(AdmittedBy(state.clone(), admission.clone()));
            let long = is_long(&parts.uri);
            let answer = asked_by(account, next.run(Request::from_parts(parts, body)));
            let mut response = match long {
                true => state.aside.work(answer).await,
                false => answer.await,
            };
            // What was read may have waited for its turn.
            if reads && !admission.holds(state) {
                response = admission.lost().into_response();
            }
            // A handler with a quota of its own has told that one.
            if response.headers().contains_key("ratelimit-limit") {
                return (caller, response);
            }
            (caller, told(response, allowance))
        }
    }
}

fn told(mut response: Response, allowance: Allowance) -> Response {
    allowance.tell(response.headers_mut());
    response
}

/// A request's right, for whoever reads its body.
#[derive(Clone)]
pub(crate) struct AdmittedBy(ApiState, Admission);

impl AdmittedBy {
    /// Judges again: the right may have gone since the head came.
    pub(crate) fn still(&self) -> Result<(), Problem> {
        if self.1.holds(&self.0) {
            Ok(())
        } else {
            Err(self.1.lost())
        }
    }
}

/// Takes `key=` out of the query, so that no link and no log repeats it.
fn take_key(uri: &mut Uri) -> Option<String> {
    let query = uri.query()?;
    let key = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("key="))?
        .to_owned();
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("key="))
        .collect();
    let path_and_query: PathAndQuery = if rest.is_empty() {
        uri.path().parse().ok()?
    } else {
        format!("{}?{}", uri.path(), rest.join("&")).parse().ok()?
    };
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = Some(path_and_query);
    *uri = Uri::from_parts(parts).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_leaves_the_address() {
        let mut uri: Uri = "/v1/latest?domain=traffic&key=mdk_pub_x&limit=5"
            .parse()
            .unwrap();
        assert_eq!(take_key(&mut uri).as_deref(), Some("mdk_pub_x"));
        assert_eq!(uri.to_string(), "/v1/latest?domain=traffic&limit=5");
        let mut alone: Uri = "http://h/v1/latest?key=k".parse().unwrap();
        assert_eq!(take_key(&mut alone).as_deref(), Some("k"));
        assert_eq!(alone.to_string(), "http://h/v1/latest");
        assert_eq!(take_key(&mut alone), None);
    }
}
