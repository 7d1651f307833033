//! Reads a query string into a struct that names every parameter it knows.

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::problem_kind::ProblemKind;

/// The longest query string, in bytes.
pub(crate) const MAX_QUERY_BYTES: usize = 8 * 1024;

/// A query. `T` denies unknown fields, so that a typing error is told by name;
/// a parameter without a value counts as absent, as forms send it.
pub(crate) struct Query<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        if query.len() > MAX_QUERY_BYTES {
            return Err(Problem::new(
                ProblemKind::TooLongUri,
                "A query may have 8192 bytes.",
            ));
        }
        read(query).map(Self)
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let mut given = String::with_capacity(query.len() + 2);
    given.push_str("/?");
    for pair in query.split('&') {
        if pair
            .split_once('=')
            .is_some_and(|(_, value)| !value.is_empty())
        {
            if given.len() > 2 {
                given.push('&');
            }
            given.push_str(pair);
        } else if !pair.is_empty() && !pair.contains('=') {
            return Err(Problem::parameter(format!(
                "The parameter {pair} has no value: write {pair}=..."
            )));
        }
    }
    let uri: Uri = given
        .parse()
        .map_err(|_| Problem::parameter("The query string is not a valid one."))?;
    match axum::extract::Query::try_from_uri(&uri) {
        Ok(axum::extract::Query(value)) => Ok(value),
        Err(rejection) => {
            let text = rejection.body_text();
            let text = text
                .strip_prefix("Failed to deserialize query string: ")
                .unwrap_or(&text);
            Err(Problem::parameter(text.to_owned()))
        }
    }
}
