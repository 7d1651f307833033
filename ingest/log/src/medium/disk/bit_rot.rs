//! Telling a rotten bit from a torn write, where the last frames are concerned.
//!
//! After the last sound frame both look alike: a frame whose CRC is wrong and
//! no later group. A torn write was acknowledged to nobody and is cut; a bit
//! that flipped may be in what was acknowledged, so it must not be. CRC-32C
//! tells one wrong bit and its place for certain; a write that tore differs
//! from the whole one in a single bit by chance only (one in ten million for a
//! frame of a few hundred bytes), except where it tore right before the last
//! bit that is set. That one case stays a tear.

use domain::Offset;

use crate::frame::MAX_FRAME_BYTES;
use crate::frame::format::{HEADER_BYTES, u32_at, u64_at};

/// CRC-32C's polynomial, lowest bit first.
const POLYNOMIAL: u32 = 0x82f6_3b78;
/// Where the length stands in a frame, in bits.
const LENGTH_BITS: std::ops::Range<usize> = 32..64;

/// Whether `bytes` begin with the frame `next`, but for one bit that no tear
/// explains.
pub(super) fn is_one_bit_off(bytes: &[u8], epoch: u32, next: Offset) -> bool {
    let Some(header) = bytes.first_chunk::<HEADER_BYTES>() else {
        return false;
    };
    let length = u32_at(header, 4);
    wrong_bit(bytes, length).is_some_and(|wrong| {
        let end = bytes.len().min(HEADER_BYTES + length as usize);
        if bytes[wrong / 8..end].iter().all(|byte| *byte == 0) {
            return false;
        }
        let mut header = *header;
        if let Some(byte) = header.get_mut(wrong / 8) {
            *byte ^= 1 << (wrong % 8);
        }
        u32_at(&header, 8) == epoch && u64_at(&header, 16) == next.get()
    })
}

/// The one bit of the frame that its CRC shows to be wrong, counted from the
/// frame's beginning.
fn wrong_bit(bytes: &[u8], length: u32) -> Option<usize> {
    let crc = u32_at(bytes, 0);
    let guarded = |length: u32| {
        let whole = HEADER_BYTES.checked_add(length as usize)?;
        (whole <= MAX_FRAME_BYTES).then(|| bytes.get(4..whole))?
    };
    // A wrong length also moves the end of what the CRC guards.
    for bit in 0..u32::BITS {
        let right = length ^ 1 << bit;
        if let Some(guarded) = guarded(right) {
            let begun = crc32c::crc32c(&right.to_le_bytes());
            if crc32c::crc32c_append(begun, &guarded[4..]) == crc {
                return Some(LENGTH_BITS.start + bit as usize);
            }
        }
    }
    let guarded = guarded(length)?;
    let difference = crc32c::crc32c(guarded) ^ crc;
    match difference.count_ones() {
        0 => None,
        // In the CRC itself.
        1 => Some(difference.trailing_zeros() as usize),
        _ => place_of(difference, guarded.len()).map(|place| 32 + place),
    }
    .filter(|bit| !LENGTH_BITS.contains(bit))
}

/// The bit among `len` bytes whose flip changes their CRC by `difference`. The
/// last bit of all changes it by the polynomial, each one before it by what a
/// shift of the register makes of that.
fn place_of(difference: u32, len: usize) -> Option<usize> {
    let mut effect = POLYNOMIAL;
    for place in (0..len * 8).rev() {
        if effect == difference {
            return Some(place);
        }
        let carry = if effect & 1 == 1 { POLYNOMIAL } else { 0 };
        effect = effect >> 1 ^ carry;
    }
    None
}

#[cfg(test)]
mod tests;
