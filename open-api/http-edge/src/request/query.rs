//! Reads a query string into a struct that names every parameter it knows.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::extract::rejection::QueryRejection;
use axum::http::Uri;
use axum::http::request::Parts;
use parking_lot::RwLock;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use utoipa::openapi::path::ParameterIn;

use super::suggestion::what_there_is;
use crate::problem::{Problem, ProblemKind};

/// The longest query string, in bytes.
const MAX_QUERY_BYTES: usize = 8 * 1024;

/// A query. A parameter that `T` does not name is refused, and so is one
/// without a value, so that no typing error passes for an answer to something
/// else.
pub struct Query<T>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned + IntoParams + 'static,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = pairs(parts)?;
        let own = names::<T>();
        check(&pairs, &own)?;
        read(&pairs).map(Self)
    }
}

/// Two structs from one query, which know no parameter in common. A parameter
/// that neither names is refused. serde's `flatten` would do the same, but reads
/// every value as a text first, which a number then is not.
pub fn read_pair<A, B>(parts: &Parts) -> Result<(A, B), Problem>
where
    A: DeserializeOwned + IntoParams + 'static,
    B: DeserializeOwned + IntoParams + 'static,
{
    let pairs = pairs(parts)?;
    let of_first = names::<A>();
    let all: BTreeSet<String> = of_first.union(&names::<B>()).cloned().collect();
    check(&pairs, &all)?;
    let (first, second): (Vec<_>, Vec<_>) = pairs
        .into_iter()
        .partition(|(name, _)| of_first.contains(*name));
    Ok((read(&first)?, read(&second)?))
}

/// The parameters that the description of `T` names. The description is long, and
/// made once.
fn names<T: IntoParams + 'static>() -> Arc<BTreeSet<String>> {
    static KNOWN: RwLock<BTreeMap<TypeId, Arc<BTreeSet<String>>>> = RwLock::new(BTreeMap::new());
    let id = TypeId::of::<T>();
    if let Some(known) = KNOWN.read().get(&id) {
        return Arc::clone(known);
    }
    let parameters = T::into_params(|| Some(ParameterIn::Query));
    let names = Arc::new(parameters.into_iter().map(|one| one.name).collect());
    KNOWN.write().insert(id, Arc::clone(&names));
    names
}

/// Name and value of each parameter, as they are written.
fn pairs(parts: &Parts) -> Result<Vec<(&str, &str)>, Problem> {
    let query = parts.uri.query().unwrap_or_default();
    if query.len() > MAX_QUERY_BYTES {
        return Err(Problem::new(
            ProblemKind::TOO_LONG_URI,
            "A query may have 8192 bytes.",
        ));
    }
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() => Ok((name, value)),
            _ => {
                let name = pair.trim_end_matches('=');
                Err(Problem::parameter(format!(
                    "The parameter {name} has no value: write {name}=... or leave it out."
                )))
            }
        })
        .collect()
}

fn check(pairs: &[(&str, &str)], known: &BTreeSet<String>) -> Result<(), Problem> {
    let Some((name, _)) = pairs.iter().find(|(name, _)| !known.contains(*name)) else {
        return Ok(());
    };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let there = what_there_is(name, &known, "/openapi.json");
    Err(Problem::parameter(format!(
        "There is no parameter {name} here.{there}"
    )))
}

fn read<T: DeserializeOwned>(pairs: &[(&str, &str)]) -> Result<T, Problem> {
    match axum::extract::Query::try_from_uri(&uri_of(pairs)?) {
        Ok(axum::extract::Query(value)) => Ok(value),
        Err(rejection) => Err(unreadable(&rejection)),
    }
}

fn uri_of(pairs: &[(&str, &str)]) -> Result<Uri, Problem> {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("/?{}", pairs.join("&"))
        .parse()
        .map_err(|_| Problem::parameter("The query string is not a valid one."))
}

fn unreadable(rejection: &QueryRejection) -> Problem {
    let text = rejection.body_text();
    let text = text
        .strip_prefix("Failed to deserialize query string: ")
        .unwrap_or(&text);
    Problem::parameter(text.to_owned())
}
