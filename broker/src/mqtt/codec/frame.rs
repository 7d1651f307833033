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

/// Splits the first packet off. `None` where bytes are missing; a length above
/// `max_packet` is refused as soon as it can be read.
pub fn read(bytes: &[u8], max_packet: usize) -> Result<Option<Frame<'_>>, DecodeError> {
    let Some((&first, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let Some((length, prefix)) = wire::varint(rest)? else {
        return Ok(None);
    };
    let total = 1 + prefix + length;
    if total > max_packet {
        return Err(DecodeError::TooLarge {
            bytes: total,
            limit: max_packet,
        });
    }
    Ok(bytes
        .get(1 + prefix..total)
        .map(|body| Frame { first, body, total }))
}
