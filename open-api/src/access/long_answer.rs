//! Which requests may ask for an answer that takes milliseconds of work.

use axum::http::Uri;

/// Long answers that are worked on at once: one fewer than the runtime has
/// threads.
pub(crate) const MAX_WORKED_ON: usize = 1;
/// An answer of more items than this is long: some milliseconds of work.
const LONG_ITEMS: u32 = 1_000;
/// Where an answer may be long whatever its limit.
const LONG_PATH: &str = "/v1/aggregate";

/// Whether a request may ask for a long answer.
pub(super) fn may_be_long(uri: &Uri) -> bool {
    let limits = uri.query().unwrap_or_default().split('&');
    let mut limits = limits.filter_map(|pair| pair.strip_prefix("limit="));
    // What is no number is refused soon enough.
    limits.any(|limit| limit.parse().is_ok_and(|limit: u32| limit > LONG_ITEMS))
        || uri.path().starts_with(LONG_PATH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_answers_are_told_by_what_is_asked() {
        for (uri, long) in [
            ("/v1/latest", false),
            ("/v1/latest?limit=1000", false),
            ("/v1/latest?domain=traffic&limit=10000", true),
            ("/v1/latest?limit=x", false),
            ("/v1/aggregate?bucket=5m", true),
        ] {
            assert_eq!(may_be_long(&uri.parse().unwrap()), long, "{uri}");
        }
    }
}
