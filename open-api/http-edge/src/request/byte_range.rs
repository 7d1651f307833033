//! Which bytes of a file a request asks for (RFC 9110, 13 and 14).
//!
//! One range is served. A request for several, or with a range that cannot be
//! read, gets the whole, as the RFC allows: nobody gains by asking for a
//! thousand. A date in `If-Range` never matches, since a file may be made twice
//! in a second.

use std::ops::Range;

use axum::http::{HeaderMap, HeaderName, header};

/// What of a file is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    Whole,
    Part(Range<u64>),
    /// Nothing of the file lies where the range says: 416.
    Outside,
    /// The caller has it already: 304.
    Nothing,
    /// The caller wants another version than there is: 412.
    Another,
}

impl Wanted {
    /// Of a file of `bytes` bytes with the strong validator `etag`.
    pub fn of(headers: &HeaderMap, etag: &str, bytes: u64) -> Self {
        if headers.contains_key(header::IF_MATCH) && !names(headers, header::IF_MATCH, etag) {
            return Self::Another;
        }
        if names(headers, header::IF_NONE_MATCH, etag) {
            return Self::Nothing;
        }
        let mut ranges = headers.get_all(header::RANGE).iter();
        let (Some(range), None) = (ranges.next(), ranges.next()) else {
            return Self::Whole;
        };
        let condition = headers.get(header::IF_RANGE);
        if condition.is_some_and(|condition| condition != etag) {
            return Self::Whole;
        }
        match range.to_str().ok().and_then(parse) {
            Some(range) => range.within(bytes),
            None => Self::Whole,
        }
    }
}

/// Whether a list of entity tags names `etag`. A weak one may stand for the
/// same content in `If-None-Match` alone.
fn names(headers: &HeaderMap, name: HeaderName, etag: &str) -> bool {
    let weak = name == header::IF_NONE_MATCH;
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag == etag || (weak && tag.strip_prefix("W/") == Some(etag)))
}

/// One range as it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ByteRange {
    From { first: u64, last: u64 },
    Last(u64),
}

impl ByteRange {
    fn within(self, bytes: u64) -> Wanted {
        let (start, end) = match self {
            Self::From { first, last } => (first, last.saturating_add(1).min(bytes)),
            Self::Last(count) => (bytes.saturating_sub(count), bytes),
        };
        if start < end {
            Wanted::Part(start..end)
        } else {
            Wanted::Outside
        }
    }
}

/// `bytes=` and one range; `None` for anything else.
fn parse(text: &str) -> Option<ByteRange> {
    let (unit, range) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    match (first, last) {
        ("", count) => Some(ByteRange::Last(number(count)?)),
        (first, "") => Some(ByteRange::From {
            first: number(first)?,
            last: u64::MAX,
        }),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(ByteRange::From { first, last })
        }
    }
}

/// Digits alone; what is beyond any file is as good as the greatest number.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
