//! Errors as RFC 9457 `application/problem+json`.
//!
//! A [`Problem`] has a message for the caller and, where there is more to
//! say, another for the log. It travels in the response's extensions; the
//! outermost middleware writes the body, because only that knows the request's
//! id. Each kind has a stable `type` below `/problems/`, which is a page too.

mod kind;

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

pub use self::kind::ProblemKind;

/// What went wrong, for the caller and for the log. One word, since every
/// handler and much of what it calls may answer with one.
#[derive(Debug, Clone)]
pub struct Problem(Box<Contents>);

#[derive(Debug, Clone)]
struct Contents {
    kind: &'static ProblemKind,
    detail: Cow<'static, str>,
    members: Vec<(&'static str, Value)>,
    /// Seconds after which it is worth trying again.
    retry_after: Option<u64>,
    /// The codings that a body may have here.
    accepting: Option<&'static str>,
    /// For the log alone.
    cause: Option<String>,
}

impl Problem {
    pub fn new(kind: &'static ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Contents {
            kind,
            detail: detail.into(),
            members: Vec::new(),
            retry_after: None,
            accepting: None,
            cause: None,
        }))
    }

    pub fn parameter(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::INVALID_PARAMETER, detail)
    }

    pub fn body(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::INVALID_BODY, detail)
    }

    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::NOT_FOUND, detail)
    }

    /// The caller learns nothing but the request id; the log learns the cause.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(
            ProblemKind::INTERNAL,
            "The platform failed at this request. The operator finds the cause by the request id.",
        )
        .caused_by(error_chain(cause))
    }

    /// An extension member of the problem.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.members.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// For 415, where another coding would do (RFC 9110, 15.5.16).
    #[must_use]
    pub(crate) fn accepting(mut self, codings: &'static str) -> Self {
        self.0.accepting = Some(codings);
        self
    }

    pub fn status(&self) -> StatusCode {
        self.0.kind.status
    }

    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The body, complete with the request's id.
    pub(crate) fn render(&self, request_id: &str) -> Vec<u8> {
        self.write(Some(request_id))
    }

    /// The body for a transport that has no requests.
    pub fn to_json(&self) -> Vec<u8> {
        self.write(None)
    }

    fn write(&self, request_id: Option<&str>) -> Vec<u8> {
        let mut object = Map::new();
        object.insert("type".into(), json!(self.0.kind.path));
        object.insert("title".into(), json!(self.0.kind.title_en));
        object.insert("status".into(), json!(self.0.kind.status.as_u16()));
        object.insert("detail".into(), json!(self.0.detail));
        if let Some(request_id) = request_id {
            object.insert("request_id".into(), json!(request_id));
        }
        for (name, value) in &self.0.members {
            object.insert((*name).into(), value.clone());
        }
        serde_json::to_vec(&object).expect("a map of strings and values has a JSON form")
    }

    /// For a reply that axum made itself: its status says what happened.
    pub(crate) fn of_status(status: StatusCode, detail: String) -> Self {
        let kind = ProblemKind::of_status(status);
        let detail = if detail.trim().is_empty() {
            Cow::Borrowed(kind.title_en)
        } else {
            Cow::Owned(detail)
        };
        Self::new(kind, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(seconds) = self.0.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(codings) = self.0.accepting {
            response
                .headers_mut()
                .insert(header::ACCEPT_ENCODING, HeaderValue::from_static(codings));
        }
        if self.0.kind == ProblemKind::UNAUTHENTICATED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"madang\""),
            );
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// An error and its sources on one line.
pub fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
