//! One datagram: the message format of RFC 7252, section 3.
//!
//! ```text
//! |Ver 2|T 2|TKL 4|   Code 8   |      Message ID 16      |
//! | Token, TKL bytes | Options ... | 0xFF | Payload ...   |
//! ```
//!
//! Constraints: a datagram has at most [`MAX_DATAGRAM_BYTES`], a message at
//! most [`MAX_OPTIONS`]; option numbers stay within 16 bits; a payload marker
//! needs a payload; token lengths 9 to 15 are reserved. Nothing is copied.

#[cfg(test)]
mod tests;

use bytes::{BufMut as _, Bytes, BytesMut};
use smallvec::SmallVec;

/// What fits an Ethernet frame over IPv4. A longer datagram is not looked at.
pub(crate) const MAX_DATAGRAM_BYTES: usize = 1_472;
/// Options in one message. A telemetry request has 5 to 9.
pub(crate) const MAX_OPTIONS: usize = 32;
/// Bytes of a token.
pub(crate) const MAX_TOKEN_BYTES: usize = 8;

const HEADER_BYTES: usize = 4;
const VERSION: u8 = 1;
const PAYLOAD_MARKER: u8 = 0xFF;

/// Option numbers that this server knows (IANA, CoAP Option Numbers).
pub(crate) mod option {
    pub(crate) const URI_HOST: u16 = 3;
    pub(crate) const URI_PORT: u16 = 7;
    pub(crate) const URI_PATH: u16 = 11;
    pub(crate) const CONTENT_FORMAT: u16 = 12;
    pub(crate) const MAX_AGE: u16 = 14;
    pub(crate) const URI_QUERY: u16 = 15;
    pub(crate) const ACCEPT: u16 = 17;
    pub(crate) const BLOCK2: u16 = 23;
    pub(crate) const BLOCK1: u16 = 27;
    pub(crate) const PROXY_URI: u16 = 35;
    pub(crate) const PROXY_SCHEME: u16 = 39;
    pub(crate) const SIZE1: u16 = 60;
    pub(crate) const REQUEST_TAG: u16 = 292;
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    Confirmable = 0,
    NonConfirmable = 1,
    Acknowledgement = 2,
    Reset = 3,
}

/// A method or a response code, `class.detail`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Code(u8);

impl Code {
    pub(crate) const EMPTY: Self = Self(0);
    pub(crate) const POST: Self = Self::new(0, 2);
    pub(crate) const CHANGED: Self = Self::new(2, 4);
    pub(crate) const CONTINUE: Self = Self::new(2, 31);
    pub(crate) const BAD_REQUEST: Self = Self::new(4, 0);
    pub(crate) const UNAUTHORIZED: Self = Self::new(4, 1);
    pub(crate) const BAD_OPTION: Self = Self::new(4, 2);
    pub(crate) const FORBIDDEN: Self = Self::new(4, 3);
    pub(crate) const NOT_FOUND: Self = Self::new(4, 4);
    pub(crate) const METHOD_NOT_ALLOWED: Self = Self::new(4, 5);
    pub(crate) const NOT_ACCEPTABLE: Self = Self::new(4, 6);
    pub(crate) const REQUEST_ENTITY_INCOMPLETE: Self = Self::new(4, 8);
    pub(crate) const REQUEST_ENTITY_TOO_LARGE: Self = Self::new(4, 13);
    pub(crate) const UNSUPPORTED_CONTENT_FORMAT: Self = Self::new(4, 15);
    pub(crate) const TOO_MANY_REQUESTS: Self = Self::new(4, 29);
    pub(crate) const SERVICE_UNAVAILABLE: Self = Self::new(5, 3);
    pub(crate) const PROXYING_NOT_SUPPORTED: Self = Self::new(5, 5);

    pub(crate) const fn new(class: u8, detail: u8) -> Self {
        Self(class << 5 | detail & 31)
    }

    #[cfg(test)]
    pub(crate) const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    pub(crate) const fn class(self) -> u8 {
        self.0 >> 5
    }

    /// Class 0 without 0.00: a method.
    pub(crate) const fn is_request(self) -> bool {
        self.class() == 0 && self.0 != 0
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.class(), self.0 & 31)
    }
}

/// One option; its value is the datagram's own bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MessageOption<'a> {
    pub(crate) number: u16,
    pub(crate) value: &'a [u8],
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) kind: Kind,
    pub(crate) code: Code,
    pub(crate) id: u16,
    pub(crate) token: &'a [u8],
    /// In the order of the datagram, which is that of their numbers.
    pub(crate) options: SmallVec<[MessageOption<'a>; 12]>,
    pub(crate) payload: &'a [u8],
}

/// Why a datagram is no message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct DecodeError {
    pub(crate) reason: Malformed,
    /// Where the header could be read: a confirmable one is answered by a reset.
    pub(crate) header: Option<(Kind, u16)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the datagram is longer than {MAX_DATAGRAM_BYTES} bytes")]
    TooLong,
    #[error("the datagram is shorter than a header")]
    Header,
    #[error("the version is not 1")]
    Version,
    #[error("the token length is reserved")]
    TokenLength,
    #[error("the datagram ends within a token or an option")]
    Truncated,
    #[error("an option's delta or length is reserved, or its number beyond 16 bits")]
    Option,
    #[error("there are more than {MAX_OPTIONS} options")]
    TooManyOptions,
    #[error("a payload marker without a payload")]
    EmptyPayload,
    #[error("an empty message carries something")]
    NotEmpty,
}

/// Reads one datagram.
pub(crate) fn decode(datagram: &[u8]) -> Result<Message<'_>, DecodeError> {
    let bare = |reason| DecodeError {
        reason,
        header: None,
    };
    if datagram.len() > MAX_DATAGRAM_BYTES {
        return Err(bare(Malformed::TooLong));
    }
    let Some((&[first, code, id_high, id_low], rest)) = datagram.split_first_chunk() else {
        return Err(bare(Malformed::Header));
    };
    // Another version may mean anything by the rest: it is not answered.
    if first >> 6 != VERSION {
        return Err(bare(Malformed::Version));
    }
    let kind = match first >> 4 & 3 {
        0 => Kind::Confirmable,
        1 => Kind::NonConfirmable,
        2 => Kind::Acknowledgement,
        _ => Kind::Reset,
    };
    let id = u16::from_be_bytes([id_high, id_low]);
    let code = Code(code);
    let token_length = usize::from(first & 15);
    let body = if code == Code::EMPTY && datagram.len() > HEADER_BYTES {
        Err(Malformed::NotEmpty)
    } else {
        read_body(rest, token_length)
    };
    let (token, options, payload) = body.map_err(|reason| DecodeError {
        reason,
        header: Some((kind, id)),
    })?;
    Ok(Message {
        kind,
        code,
        id,
        token,
        options,
        payload,
    })
}

type Body<'a> = (&'a [u8], SmallVec<[MessageOption<'a>; 12]>, &'a [u8]);

fn read_body(rest: &[u8], token_length: usize) -> Result<Body<'_>, Malformed> {
    if token_length > MAX_TOKEN_BYTES {
        return Err(Malformed::TokenLength);
    }
    let (token, mut rest) = rest
        .split_at_checked(token_length)
        .ok_or(Malformed::Truncated)?;
    let mut options = SmallVec::new();
    let mut number = 0u16;
    while let Some((&head, tail)) = rest.split_first() {
        if head == PAYLOAD_MARKER {
            return if tail.is_empty() {
                Err(Malformed::EmptyPayload)
            } else {
                Ok((token, options, tail))
            };
        }
        if options.len() == MAX_OPTIONS {
            return Err(Malformed::TooManyOptions);
        }
        let (delta, tail) = extended(head >> 4, tail)?;
        let (length, tail) = extended(head & 15, tail)?;
        number = u16::try_from(delta)
            .ok()
            .and_then(|delta| number.checked_add(delta))
            .ok_or(Malformed::Option)?;
        let (value, tail) = tail
            .split_at_checked(length as usize)
            .ok_or(Malformed::Truncated)?;
        options.push(MessageOption { number, value });
        rest = tail;
    }
    Ok((token, options, &[]))
}

/// A delta or a length: 13 and 14 stand for one and two further bytes.
fn extended(nibble: u8, tail: &[u8]) -> Result<(u32, &[u8]), Malformed> {
    match nibble {
        13 => match tail {
            [byte, tail @ ..] => Ok((u32::from(*byte) + 13, tail)),
            _ => Err(Malformed::Truncated),
        },
        14 => match tail {
            [high, low, tail @ ..] => {
                Ok((u32::from(u16::from_be_bytes([*high, *low])) + 269, tail))
            }
            _ => Err(Malformed::Truncated),
        },
        15 => Err(Malformed::Option),
        small => Ok((u32::from(small), tail)),
    }
}

impl Message<'_> {
    /// Writes the message. Options need not be sorted yet.
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(HEADER_BYTES + 32 + self.payload.len());
        let token = &self.token[..self.token.len().min(MAX_TOKEN_BYTES)];
        out.put_u8(VERSION << 6 | (self.kind as u8) << 4 | token.len() as u8);
        out.put_u8(self.code.0);
        out.put_u16(self.id);
        out.put_slice(token);
        let mut options = self.options.clone();
        options.sort_by_key(|option| option.number);
        let mut number = 0;
        for option in &options {
            put_option(&mut out, option.number - number, option.value);
            number = option.number;
        }
        if !self.payload.is_empty() {
            out.put_u8(PAYLOAD_MARKER);
            out.put_slice(self.payload);
        }
        out.freeze()
    }

    /// The values of an option, in order.
    pub(crate) fn values(&self, number: u16) -> impl Iterator<Item = &[u8]> {
        self.options
            .iter()
            .filter(move |option| option.number == number)
            .map(|option| option.value)
    }
}

fn put_option(out: &mut BytesMut, delta: u16, value: &[u8]) {
    let nibble = |number: usize| match number {
        0..=12 => number as u8,
        13..=268 => 13,
        _ => 14,
    };
    let (delta, length) = (usize::from(delta), value.len());
    out.put_u8(nibble(delta) << 4 | nibble(length));
    for number in [delta, length] {
        match number {
            0..=12 => {}
            13..=268 => out.put_u8((number - 13) as u8),
            _ => out.put_u16((number - 269) as u16),
        }
    }
    out.put_slice(value);
}

/// A message of four bytes: an acknowledgement or a reset.
pub(crate) fn empty(kind: Kind, id: u16) -> Bytes {
    Message {
        kind,
        code: Code::EMPTY,
        id,
        token: &[],
        options: SmallVec::new(),
        payload: &[],
    }
    .encode()
}

/// An option's value as an unsigned integer: at most `bytes`, big-endian,
/// nothing for zero.
pub(crate) fn uint(value: &[u8], bytes: usize) -> Option<u32> {
    (value.len() <= bytes.min(4)).then(|| {
        value
            .iter()
            .fold(0, |number, byte| number << 8 | u32::from(*byte))
    })
}

/// The shortest bytes of an unsigned integer.
pub(crate) fn uint_bytes(number: u32) -> SmallVec<[u8; 4]> {
    let bytes = number.to_be_bytes();
    let zeros = (number.leading_zeros() / 8) as usize;
    SmallVec::from_slice(&bytes[zeros..])
}
