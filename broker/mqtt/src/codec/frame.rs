//! The fixed header: a packet's type and its length.

use super::{DecodeError, wire};

/// A packet that has arrived whole.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Type and flags.
    pub first: u8,
    pub body: &'a [u8],
    /// Bytes of header and body.
    pub total: usize,
}

/// What a fixed header tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    /// Type and flags.
    pub(crate) first: u8,
    /// Bytes of the header itself.
    pub(crate) length: usize,
    /// Bytes of header and body.
    pub(crate) total: usize,
}

/// Reads the fixed header; `None` where bytes of it are missing.
#[inline]
pub(crate) fn header(bytes: &[u8]) -> Result<Option<Header>, DecodeError> {
    let Some((&first, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    Ok(wire::varint(rest)?.map(|(body, prefix)| Header {
        first,
        length: 1 + prefix,
        total: 1 + prefix + body,
    }))
}

/// Splits the first packet off. `None` where bytes are missing; a length above
/// `max_packet` is refused as soon as it can be read.
#[inline]
pub fn read(bytes: &[u8], max_packet: usize) -> Result<Option<Frame<'_>>, DecodeError> {
    let Some(header) = header(bytes)? else {
        return Ok(None);
    };
    if header.total > max_packet {
        return Err(DecodeError::TooLarge {
            bytes: header.total,
            limit: max_packet,
        });
    }
    let body = bytes.get(header.length..header.total);
    Ok(body.map(|body| Frame {
        first: header.first,
        body,
        total: header.total,
    }))
}
