//! The bytes of a frame.
//!
//! ```text
//! offset  size  field (little-endian)
//!      0     4  CRC-32C over bytes 4 .. 24 + length
//!      4     4  length of the body in bytes
//!      8     4  epoch of the segment that holds the frame
//!     12     4  marks: bit 0 = the first frame of a group
//!     16     8  offset of the frame in the log
//!     24     n  body, then zeros up to a multiple of 8
//! ```
//!
//! Body, kind 1 (telemetry):
//!
//! ```text
//! u8 kind, u8 present, u8 assurance, u8 transport, u32 model version,
//! i64 received, u64 credential, u16 observations, text device,
//! [text gateway] [u64 boot epoch] [u64 boot sequence] [u64 sequence]
//! [u64 payload hash] [u8 payload error],
//! observations: u16 index, u32 datastream, i64 time, u8 form, u8 quality and
//!     verdict, u8 flags, [u16 revision] [f64 number | text] [i32 lat, i32 lon],
//! [u16 rejections: u16 index, u8 reason, text field],
//! [u32 length, original bytes]
//! ```
//!
//! A `text` is a `u16` length and UTF-8. What stands in brackets is there when
//! its bit of `present`, of `form` or of the verdict says so.
//!
//! Constraints: everything has a fixed place or a length before it; a body
//! that does not end where its length says is refused. Times are microseconds
//! since 1970 UTC. Epoch, marks and CRC are written by the leader (`seal`),
//! outside the lock of the staging buffer, since only it knows the segment.

/// Version of the log's format, in each segment and in the folder's `FORMAT`.
pub const FORMAT_VERSION: u32 = 1;

/// The longest frame, in bytes. A message of 64 KiB with 1,000 observations
/// makes less than 150 KiB: 64 KiB of texts, 64 KiB of original bytes, and 60
/// bytes or fewer of fixed fields an observation, or 68 a rejection.
pub(crate) const MAX_FRAME_BYTES: usize = 384 * 1024;

/// Bytes before the body.
pub(crate) const HEADER_BYTES: usize = 24;
/// Frames begin at multiples of it.
pub(crate) const ALIGNMENT: usize = 8;

pub(super) const KIND_TELEMETRY: u8 = 1;
pub(super) const MARK_GROUP: u32 = 1;

pub(super) const HAS_GATEWAY: u8 = 1;
pub(super) const HAS_BOOT_EPOCH: u8 = 2;
pub(super) const HAS_BOOT_SEQUENCE: u8 = 4;
pub(super) const HAS_SEQUENCE: u8 = 8;
pub(super) const HAS_PAYLOAD_HASH: u8 = 16;
pub(super) const HAS_ERROR: u8 = 32;
pub(super) const HAS_REJECTIONS: u8 = 64;
pub(super) const HAS_ORIGINAL: u8 = 128;

pub(super) const FORM_MISSING: u8 = 0;
pub(super) const FORM_NUMBER: u8 = 1;
pub(super) const FORM_FALSE: u8 = 2;
pub(super) const FORM_TRUE: u8 = 3;
pub(super) const FORM_TEXT: u8 = 4;
pub(super) const FORM_MASK: u8 = 7;
pub(super) const FORM_LOCATION: u8 = 8;

pub(super) const VERDICT_SHIFT: u8 = 4;
pub(super) const QUALITY_MASK: u8 = 3;

/// Bytes of a whole frame with a body of `body` bytes.
pub(crate) const fn frame_bytes(body: usize) -> usize {
    (HEADER_BYTES + body).next_multiple_of(ALIGNMENT)
}

#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

#[inline]
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
