//! The one form of a list: `{"items": [...], "next": URL or null}`, or CSV.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::csv_table::{self, Row};
use crate::pagination::PageUrl;

/// A page of a list. `next` is the URL of the next page, or null.
#[derive(Serialize, ToSchema, Debug)]
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// In which form the caller wants a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    Json,
    Csv,
}

/// What a list's handler needs to know of its request.
pub(crate) struct ListRequest {
    pub(crate) form: Form,
    pub(crate) url: PageUrl,
}

impl<S: Send + Sync> FromRequestParts<S> for ListRequest {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let accept = parts.headers.get_all(header::ACCEPT);
        let csv = accept
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|kind| kind.split(';').next().unwrap_or_default().trim())
            .find_map(|kind| match kind {
                "text/csv" => Some(Form::Csv),
                "application/json" | "*/*" | "application/*" => Some(Form::Json),
                _ => None,
            });
        Ok(Self {
            form: csv.unwrap_or(Form::Json),
            url: PageUrl::from_request_parts(parts, state).await?,
        })
    }
}

impl ListRequest {
    /// A page, whose next one begins behind `last`.
    pub(crate) fn page<T: Row>(
        &self,
        items: Vec<T>,
        last: Option<&impl std::fmt::Display>,
    ) -> Response {
        self.reply(&List {
            items,
            next: last.map(|last| self.url.behind(last)),
        })
    }

    /// A list that has no further page.
    pub(crate) fn whole<T: Row>(&self, items: Vec<T>) -> Response {
        self.reply(&List { items, next: None })
    }

    fn reply<T: Row>(&self, list: &List<T>) -> Response {
        let bytes = match self.form {
            Form::Json => json_bytes(list),
            Form::Csv => csv_table::render(&list.items),
        };
        self.form.response(bytes, list.next.as_deref())
    }
}

impl Form {
    pub(crate) fn response(self, bytes: Vec<u8>, next: Option<&str>) -> Response {
        let kind = match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        };
        let mut response = bytes.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        if let Some(Ok(link)) =
            next.map(|url| HeaderValue::try_from(format!("<{url}>; rel=\"next\"")))
        {
            headers.insert(header::LINK, link);
        }
        response
    }
}

/// JSON of a view, which always has a form.
pub(crate) fn json_bytes(view: &impl Serialize) -> Vec<u8> {
    const USUAL_BYTES: usize = 1_024;
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    serde_json::to_writer(&mut bytes, view).expect("views have string keys and finite numbers");
    bytes
}

/// Splits off what is behind the limit: `items` were taken with one more.
pub(crate) fn cut<T>(items: &mut Vec<T>, limit: usize) -> bool {
    let more = items.len() > limit;
    items.truncate(limit);
    more
}
