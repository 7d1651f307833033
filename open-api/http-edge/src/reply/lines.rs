//! Answers of a JSON object a line, for who asks for them.

use axum::http::{HeaderMap, header};

/// The media type of lines, in a request and in an answer.
pub const NDJSON: &str = "application/x-ndjson";

/// Whether the caller asks for lines.
pub fn wants_lines(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|kind| kind.trim().eq_ignore_ascii_case(NDJSON))
}
