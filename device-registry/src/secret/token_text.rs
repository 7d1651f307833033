//! The text of an API key or a service token: `{prefix}{id}_{secret}_{checksum}`.
//!
//! The id has 12 base 62 characters and is public; the secret 43 (256 bits);
//! the checksum 6, over all before its underscore. Letters, digits and
//! underscores only, so it needs no escaping in a URL, a header or a shell,
//! and one pattern finds a leaked one:
//! `md(k_(pub_)?|t_)[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}`.

use super::{CHECKSUM_CHARS, RandomError, SECRET_CHARS, checksum_base62, random_base62};

const ID_CHARS: usize = 12;

/// A new text, and the public id in it.
pub(crate) struct TokenText {
    pub(crate) id: String,
    pub(crate) text: String,
}

/// Why a text is none, found without looking anything up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenTextError {
    Form,
    Checksum,
}

pub(crate) fn make(prefix: &str) -> Result<TokenText, RandomError> {
    let id = random_base62::<ID_CHARS>()?;
    let secret = random_base62::<SECRET_CHARS>()?;
    let body = format!("{prefix}{id}_{secret}");
    let text = format!("{body}_{}", checksum_base62(&body));
    Ok(TokenText { id, text })
}

/// The public id in `text`, which has to begin with `prefix`.
pub(crate) fn id_of<'a>(text: &'a str, prefix: &str) -> Result<&'a str, TokenTextError> {
    let rest = text.strip_prefix(prefix).ok_or(TokenTextError::Form)?;
    let mut parts = rest.split('_');
    let mut part = |chars: usize| {
        parts
            .next()
            .filter(|part| part.len() == chars && part.bytes().all(|b| b.is_ascii_alphanumeric()))
            .ok_or(TokenTextError::Form)
    };
    let (id, _secret, checksum) = (part(ID_CHARS)?, part(SECRET_CHARS)?, part(CHECKSUM_CHARS)?);
    if parts.next().is_some() {
        return Err(TokenTextError::Form);
    }
    let body = &text[..text.len() - CHECKSUM_CHARS - 1];
    if checksum_base62(body) != checksum {
        return Err(TokenTextError::Checksum);
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIXES: [&str; 3] = ["mdk_", "mdk_pub_", "mdt_"];

    #[test]
    fn a_text_reads_as_it_was_made_and_under_no_other_prefix() {
        for prefix in PREFIXES {
            let made = make(prefix).unwrap();
            for other in PREFIXES {
                let read = id_of(&made.text, other);
                let expected = if other == prefix {
                    Ok(made.id.as_str())
                } else {
                    Err(TokenTextError::Form)
                };
                assert_eq!(read, expected, "{prefix} read as {other}");
            }
        }
    }

    #[test]
    fn every_single_typing_error_is_found_offline() {
        let text = make("mdk_").unwrap().text;
        let read = |text: &str| id_of(text, "mdk_").map(str::to_owned);
        for position in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[position] = if wrong[position] == b'x' { b'y' } else { b'x' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert!(read(&wrong).is_err(), "{wrong}");
        }
        for wrong in [&text[..text.len() - 1], &format!("{text}x"), "", "mdk_한강"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
