//! The one form of a list: `{"items": [...], "next": URL or null}`, or CSV.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::csv::{self, Row};
use super::page_url::PageUrl;
use crate::coding;

/// A page of a list. `next` is the URL of the next page, or null.
#[derive(Serialize, ToSchema, Debug)]
pub struct List<T> {
    items: Vec<T>,
    next: Option<String>,
    /// How many there are on all pages, where that was asked for; beside CSV it
    /// stands in the header `X-Total-Count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

/// In which form the caller wants a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Json,
    Csv,
}

/// What a list's handler needs to know of its request.
pub struct ListRequest {
    pub form: Form,
    pub url: PageUrl,
}

impl<S: Send + Sync> FromRequestParts<S> for ListRequest {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts))
    }
}

impl ListRequest {
    fn of(parts: &Parts) -> Self {
        let accept = parts.headers.get_all(header::ACCEPT);
        let accept = accept.iter().filter_map(|value| value.to_str().ok());
        Self {
            form: Form::wanted(accept.flat_map(|value| value.split(','))),
            url: PageUrl::of(parts),
        }
    }

    /// A page, whose next one begins after `last`.
    pub fn page<T: Row>(&self, items: Vec<T>, last: Option<&impl std::fmt::Display>) -> Response {
        self.counted_page(items, last, None)
    }

    /// The same, with how many items all pages have.
    pub fn counted_page<T: Row>(
        &self,
        items: Vec<T>,
        last: Option<&impl std::fmt::Display>,
        count: Option<u64>,
    ) -> Response {
        self.reply(&List {
            items,
            next: last.map(|last| self.url.after(last)),
            count,
        })
    }

    /// A page of `found`: views with the ids that they are sorted by.
    pub fn page_of<I: std::fmt::Display, T: Row>(
        &self,
        limit: usize,
        found: impl Iterator<Item = (I, T)>,
    ) -> Response {
        let (mut ids, mut views): (Vec<I>, Vec<T>) = found.take(limit + 1).unzip();
        let more = split_page(&mut ids, limit);
        views.truncate(limit);
        self.page(views, ids.last().filter(|_| more))
    }

    /// A list that has no further page.
    pub fn whole<T: Row>(&self, items: Vec<T>) -> Response {
        self.reply(&List {
            items,
            next: None,
            count: None,
        })
    }

    fn reply<T: Row>(&self, list: &List<T>) -> Response {
        let bytes = match self.form {
            Form::Json => json_bytes(list),
            Form::Csv => csv::render(&list.items),
        };
        let mut response = self.form.response(bytes, list.next.as_deref());
        if let Some(count) = list.count {
            let headers = response.headers_mut();
            headers.insert("x-total-count", HeaderValue::from(count));
        }
        response
    }
}

impl Form {
    /// The one with the highest weight (RFC 9110, 12.4.2); of equals the first,
    /// and JSON where neither is named.
    fn wanted<'a>(ranges: impl Iterator<Item = &'a str>) -> Self {
        let mut best = (Self::Json, 0.0);
        for range in ranges {
            // Case does not matter in any of it.
            let range = range.to_ascii_lowercase();
            let mut parts = range.split(';').map(str::trim);
            let form = match parts
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase()
                .as_str()
            {
                "text/csv" => Self::Csv,
                "application/json" | "*/*" | "application/*" => Self::Json,
                _ => continue,
            };
            let weight = coding::weight(parts);
            if weight > best.1 {
                best = (form, weight);
            }
        }
        best.0
    }

    pub fn response(self, bytes: Vec<u8>, next: Option<&str>) -> Response {
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
pub fn json_bytes(view: &impl Serialize) -> Vec<u8> {
    const USUAL_BYTES: usize = 1_024;
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    serde_json::to_writer(&mut bytes, view).expect("views have string keys and finite numbers");
    bytes
}

/// Splits off what is beyond the limit: `items` were taken with one more.
pub fn split_page<T>(items: &mut Vec<T>, limit: usize) -> bool {
    let more = items.len() > limit;
    items.truncate(limit);
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_with_the_highest_weight_wins() {
        for (accept, form) in [
            ("", Form::Json),
            ("image/png", Form::Json),
            ("text/csv", Form::Csv),
            ("Text/CSV", Form::Csv),
            ("Application/JSON;Q=0.5, Text/CSV;Q=0.9", Form::Csv),
            ("text/csv;q=0.5, application/json", Form::Json),
            ("application/json;q=0.5, text/csv; q=0.9", Form::Csv),
            ("text/csv;header=present;q=0.9, */*;q=0.1", Form::Csv),
            ("text/csv, */*", Form::Csv),
            ("text/csv;q=0", Form::Json),
            ("Text/CSV", Form::Csv),
            ("text/csv; Q=0.1, APPLICATION/JSON", Form::Json),
        ] {
            assert_eq!(Form::wanted(accept.split(',')), form, "{accept}");
        }
    }
}
