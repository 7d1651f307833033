//! `/problems/{kind}`: the page of a problem's `type`, in both languages.

use http_edge::{Problem, ProblemKind};

use crate::problem_kinds;
use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

pub(crate) async fn show(
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let own = problem_kinds::ALL.iter();
    let kind = own
        .chain(ProblemKind::ALL)
        .copied()
        .find(|kind| kind.slug == slug)
        .ok_or_else(|| Problem::not_found("There is no such kind of problem."))?;
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if !wants_page {
        return Ok(Json(json!({
            "type": kind.path,
            "status": kind.status.as_u16(),
            "en": {"title": kind.title_en, "help": kind.help_en},
            "ko": {"title": kind.title_ko, "help": kind.help_ko},
        }))
        .into_response());
    }
    let mut response = Html(page(kind)).into_response();
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    Ok(response)
}

/// The texts are this crate's own: nothing of a request is in it.
fn page(kind: &ProblemKind) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>{status} {title_en}</title>\
         <h1>{status} {title_en}</h1><p>{help_en}</p>\
         <section lang=\"ko\"><h2>{title_ko}</h2><p>{help_ko}</p></section>\
         <p><a href=\"/docs\">/docs</a></p></html>",
        status = kind.status.as_u16(),
        title_en = kind.title_en,
        help_en = kind.help_en,
        title_ko = kind.title_ko,
        help_ko = kind.help_ko,
    )
}
