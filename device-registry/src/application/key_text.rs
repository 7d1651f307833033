//! The text of an API key: `mdk_{id}_{secret}_{checksum}`, or
//! `mdk_pub_{id}_{secret}_{checksum}` for a browser's.
//!
//! The id has 12 base 62 characters and is public; the secret 43 (256 bits);
//! the checksum 6, over all before its underscore. Letters, digits and
//! underscores only, so it needs no escaping in a URL, a header or a shell,
//! and one pattern finds a leaked one:
//! `mdk_(pub_)?[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}`.

use domain::ApiKeyId;

use super::ApiKeyKind;
use crate::secret::{CHECKSUM_CHARS, RandomError, SECRET_CHARS, checksum_base62, random_base62};

const ID_CHARS: usize = 12;
const SECRET_PREFIX: &str = "mdk_";
const PUBLISHABLE_PREFIX: &str = "mdk_pub_";

/// A key's public id and its kind, as its text tells them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ParsedKey<'a> {
    pub(crate) kind: ApiKeyKind,
    pub(crate) id: &'a str,
}

/// Why a text is no API key, found without looking anything up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeyTextError {
    Form,
    Checksum,
}

pub(crate) fn make(kind: ApiKeyKind) -> Result<(ApiKeyId, String), RandomError> {
    let id = random_base62::<ID_CHARS>()?;
    let secret = random_base62::<SECRET_CHARS>()?;
    let prefix = match kind {
        ApiKeyKind::Secret => SECRET_PREFIX,
        ApiKeyKind::Publishable => PUBLISHABLE_PREFIX,
    };
    let body = format!("{prefix}{id}_{secret}");
    let text = format!("{body}_{}", checksum_base62(&body));
    let id = ApiKeyId::new(id).expect("base 62 is within the alphabet of ids");
    Ok((id, text))
}

pub(crate) fn parse(text: &str) -> Result<ParsedKey<'_>, KeyTextError> {
    let (kind, rest) = if let Some(rest) = text.strip_prefix(PUBLISHABLE_PREFIX) {
        (ApiKeyKind::Publishable, rest)
    } else if let Some(rest) = text.strip_prefix(SECRET_PREFIX) {
        (ApiKeyKind::Secret, rest)
    } else {
        return Err(KeyTextError::Form);
    };
    let mut parts = rest.split('_');
    let mut part = |chars: usize| {
        parts
            .next()
            .filter(|part| part.len() == chars && part.bytes().all(|b| b.is_ascii_alphanumeric()))
            .ok_or(KeyTextError::Form)
    };
    let (id, _secret, checksum) = (part(ID_CHARS)?, part(SECRET_CHARS)?, part(CHECKSUM_CHARS)?);
    if parts.next().is_some() {
        return Err(KeyTextError::Form);
    }
    let body = &text[..text.len() - CHECKSUM_CHARS - 1];
    if checksum_base62(body) != checksum {
        return Err(KeyTextError::Checksum);
    }
    Ok(ParsedKey { kind, id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_as_it_was_made() {
        for kind in [ApiKeyKind::Secret, ApiKeyKind::Publishable] {
            let (id, text) = make(kind).unwrap();
            let parsed = parse(&text).unwrap();
            assert_eq!((parsed.kind, parsed.id), (kind, id.as_str()));
        }
    }

    #[test]
    fn every_single_typing_error_is_found_offline() {
        let (_, text) = make(ApiKeyKind::Secret).unwrap();
        for position in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[position] = if wrong[position] == b'x' { b'y' } else { b'x' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert!(parse(&wrong).is_err(), "{wrong}");
        }
        assert!(parse(&text[..text.len() - 1]).is_err());
        assert!(parse(&format!("{text}x")).is_err());
        assert!(parse("").is_err());
        assert!(parse("mdk_한강").is_err());
    }
}
