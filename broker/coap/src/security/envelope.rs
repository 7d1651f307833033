//! The envelope of a COSE_Sign1, read in place: nothing is allocated before its
//! form is known.

use super::SecurityError;

/// Containers within containers in the unprotected header.
const MAX_DEPTH: u8 = 4;
const TAG_COSE_SIGN1: u64 = 18;
const MAJOR_BYTES: u8 = 2;
const MAJOR_ARRAY: u8 = 4;
const MAJOR_MAP: u8 = 5;
const MAJOR_TAG: u8 = 6;

pub(super) struct Envelope<'a> {
    pub(super) tagged: bool,
    pub(super) protected: &'a [u8],
    pub(super) unprotected: &'a [u8],
    pub(super) payload: &'a [u8],
    pub(super) signature: &'a [u8],
}

pub(super) fn envelope(body: &[u8]) -> Result<Envelope<'_>, SecurityError> {
    read_envelope(body).ok_or(SecurityError::Envelope)
}

fn read_envelope(body: &[u8]) -> Option<Envelope<'_>> {
    let (mut major, mut argument, mut rest) = head(body)?;
    let tagged = (major, argument) == (MAJOR_TAG, TAG_COSE_SIGN1);
    if tagged {
        (major, argument, rest) = head(rest)?;
    }
    if (major, argument) != (MAJOR_ARRAY, 4) {
        return None;
    }
    let (protected, rest) = byte_string(rest)?;
    let (MAJOR_MAP, ..) = head(rest)? else {
        return None;
    };
    let after = skip(rest, MAX_DEPTH)?;
    let unprotected = &rest[..rest.len() - after.len()];
    let (payload, rest) = byte_string(after)?;
    let (signature, rest) = byte_string(rest)?;
    rest.is_empty().then_some(Envelope {
        tagged,
        protected,
        unprotected,
        payload,
        signature,
    })
}

/// A CBOR item's first byte and argument. Indefinite lengths are none.
fn head(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (width, small) = match first & 31 {
        small @ 0..=23 => (0, u64::from(small)),
        24 => (1, 0),
        25 => (2, 0),
        26 => (4, 0),
        27 => (8, 0),
        _ => return None,
    };
    let (argument, rest) = rest.split_at_checked(width)?;
    let argument = argument
        .iter()
        .fold(small, |sum, byte| sum << 8 | u64::from(*byte));
    Some((first >> 5, argument, rest))
}

fn byte_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (major, length, rest) = head(bytes)?;
    if major != MAJOR_BYTES {
        return None;
    }
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// What stands after one item.
fn skip(bytes: &[u8], depth: u8) -> Option<&[u8]> {
    let (major, argument, mut rest) = head(bytes)?;
    let items = match major {
        2 | 3 => return rest.get(usize::try_from(argument).ok()?..),
        MAJOR_ARRAY => argument,
        MAJOR_MAP => argument.checked_mul(2)?,
        MAJOR_TAG => 1,
        _ => 0,
    };
    // Each item has at least a byte, which also ends an absurd count early.
    for _ in 0..items {
        rest = skip(rest, depth.checked_sub(1)?)?;
    }
    Some(rest)
}
