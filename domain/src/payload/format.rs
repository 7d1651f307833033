//! Which of the three formats a payload is written in: told by a content type
//! (MQTT 5, HTTP), by a CoAP content format number, or by the first bytes.

use super::PayloadError;
use super::json::{Reader, Token, utf8};

/// What a payload is written in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ContentFormat {
    SenmlJson,
    SenmlCbor,
    CompactJson,
}

impl ContentFormat {
    pub const ALL: [Self; 3] = [Self::SenmlJson, Self::SenmlCbor, Self::CompactJson];

    /// As in MQTT 5's content type and HTTP's `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::SenmlJson => "application/senml+json",
            Self::SenmlCbor => "application/senml+cbor",
            Self::CompactJson => "application/json",
        }
    }

    /// The number of the IANA registry "CoAP Content-Formats".
    pub const fn coap_number(self) -> u16 {
        match self {
            Self::SenmlJson => 110,
            Self::SenmlCbor => 112,
            Self::CompactJson => 50,
        }
    }

    /// Parameters (`; charset=utf-8`) and case do not matter.
    pub fn from_content_type(text: &str) -> Result<Self, PayloadError> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        Self::ALL
            .into_iter()
            .find(|format| format.content_type().eq_ignore_ascii_case(essence))
            .ok_or(PayloadError::ContentType)
    }

    pub fn from_coap_number(number: u16) -> Result<Self, PayloadError> {
        Self::ALL
            .into_iter()
            .find(|format| format.coap_number() == number)
            .ok_or(PayloadError::ContentType)
    }
}

/// A payload whose format is known; text has been checked once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoded<'a> {
    SenmlJson(&'a str),
    SenmlCbor(&'a [u8]),
    CompactJson(&'a str),
}

impl<'a> Encoded<'a> {
    /// What is said to be `format`.
    pub(super) fn of(bytes: &'a [u8], format: Option<ContentFormat>) -> Result<Self, PayloadError> {
        Ok(match format {
            Some(ContentFormat::SenmlJson) => Self::SenmlJson(utf8(bytes)?),
            Some(ContentFormat::SenmlCbor) => Self::SenmlCbor(bytes),
            // `application/json` is true of SenML too, and common libraries say it.
            Some(ContentFormat::CompactJson) if first_sign(bytes) != Some(&b'[') => {
                Self::CompactJson(utf8(bytes)?)
            }
            Some(ContentFormat::CompactJson) | None => Self::sniff(bytes)?,
        })
    }

    /// Decides by the first byte; `[` begins SenML JSON and a compact array, so
    /// there the first object's keys decide.
    fn sniff(bytes: &'a [u8]) -> Result<Self, PayloadError> {
        match first_sign(bytes) {
            None => Err(PayloadError::Empty),
            Some(b'{') => Ok(Self::CompactJson(utf8(bytes)?)),
            Some(b'[') => {
                let text = utf8(bytes)?;
                Ok(if is_senml(text)? {
                    Self::SenmlJson(text)
                } else {
                    Self::CompactJson(text)
                })
            }
            // Only the very first byte: white space before CBOR is not CBOR.
            Some(0x80..=0x9f) if matches!(bytes[0], 0x80..=0x9f) => Ok(Self::SenmlCbor(bytes)),
            Some(_) => Err(PayloadError::Shape),
        }
    }
}

/// The first byte that is no white space.
fn first_sign(bytes: &[u8]) -> Option<&u8> {
    bytes.iter().find(|byte| !byte.is_ascii_whitespace())
}

/// Whether the first object of an array is a record of SenML.
fn is_senml(text: &str) -> Result<bool, PayloadError> {
    let mut reader = Reader::new(text);
    reader.token()?;
    if !reader.element(true)? || !matches!(reader.token()?, Token::Object) {
        return Err(PayloadError::Shape);
    }
    let mut first = true;
    while let Some(key) = reader.key(first)? {
        first = false;
        let token = reader.token()?;
        let senml = match (&*key, &token) {
            ("bn" | "bt" | "bu" | "bv" | "bs" | "bver", _)
            | ("n" | "vs", Token::Text(_))
            | ("vb", Token::True | Token::False) => true,
            ("v", Token::Object) => return Ok(false),
            ("v", _) => true,
            _ => false,
        };
        if senml {
            return Ok(true);
        }
        reader.skip(&token, 3)?;
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
