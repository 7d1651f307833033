//! Cuts a query into its options, and decodes them.

use std::borrow::Cow;

use super::{OptionsError, OptionsErrorKind};
use crate::cursor::Fault;
use crate::limits::{MAX_OPTION_BYTES, MAX_QUERY_BYTES};
use crate::percent;

/// The name of each option, decoded, and its value as it stands.
pub(super) fn options(query: &str) -> Result<Vec<(Cow<'_, str>, &str)>, OptionsError> {
    if query.len() > MAX_QUERY_BYTES {
        let limit = format!("a query may have {MAX_QUERY_BYTES} bytes");
        return Err(Fault::limit(MAX_QUERY_BYTES, limit).of("the query"));
    }
    let pieces = query.split('&').filter(|piece| !piece.is_empty());
    let options = pieces.map(|piece| {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        // What cannot be decoded is no name of ours.
        let name = percent::decode_query(name).map_or(Cow::Borrowed(name), Cow::Owned);
        (name, value)
    });
    Ok(options.collect())
}

/// The value of an option, decoded.
pub(super) fn value(text: &str) -> Result<String, Fault> {
    let value =
        percent::decode_query(text).map_err(|at| Fault::new(at, OptionsErrorKind::Encoding))?;
    if value.len() > MAX_OPTION_BYTES {
        let limit = format!("it may have {MAX_OPTION_BYTES} bytes");
        return Err(Fault::limit(MAX_OPTION_BYTES, limit));
    }
    Ok(value)
}
