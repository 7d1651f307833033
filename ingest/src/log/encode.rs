//! The bytes of a frame, and how they are written.
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

use domain::payload::PayloadError;
use domain::{
    Assurance, CredentialId, DatastreamId, DeviceId, Flags, Location, Offset, Quality, Rejection,
    Timestamp, Transport,
};

use super::decode::u32_at;
use super::frame::{MAX_FRAME_BYTES, Verdict};

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

/// Everything of a frame but its observations, borrowed from the message.
pub(crate) struct FrameHead<'a> {
    pub(crate) offset: Offset,
    pub(crate) received: Timestamp,
    pub(crate) device: &'a DeviceId,
    pub(crate) credential: CredentialId,
    pub(crate) assurance: Assurance,
    pub(crate) gateway: Option<&'a DeviceId>,
    pub(crate) transport: Transport,
    pub(crate) model_version: u32,
    pub(crate) boot_epoch: Option<u64>,
    pub(crate) boot_sequence: Option<u64>,
    pub(crate) sequence: Option<u64>,
    pub(crate) payload_hash: Option<u64>,
    pub(crate) unreadable: Option<PayloadError>,
    pub(crate) rejections: &'a [Rejection],
    pub(crate) original: Option<&'a [u8]>,
    pub(crate) observations: u16,
}

/// A value on its way into a frame.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum ValueRef<'a> {
    Missing,
    Number(f64),
    Boolean(bool),
    Text(&'a str),
}

/// One observation on its way into a frame.
pub(crate) struct ObservationRef<'a> {
    pub(crate) index: u16,
    pub(crate) datastream: DatastreamId,
    pub(crate) time: Timestamp,
    pub(crate) value: ValueRef<'a>,
    pub(crate) quality: Quality,
    pub(crate) flags: Flags,
    pub(crate) verdict: Verdict,
    pub(crate) location: Option<Location>,
}

/// Writes one frame behind what `buffer` holds. `finish` must be called.
pub(crate) struct FrameWriter<'b, 'a> {
    buffer: &'b mut Vec<u8>,
    start: usize,
    head: FrameHead<'a>,
}

impl<'b, 'a> FrameWriter<'b, 'a> {
    pub(crate) fn begin(buffer: &'b mut Vec<u8>, head: FrameHead<'a>) -> Self {
        let start = buffer.len();
        let mut fixed = [0u8; HEADER_BYTES + 26];
        fixed[16..24].copy_from_slice(&head.offset.get().to_le_bytes());
        let body = &mut fixed[HEADER_BYTES..];
        body[0] = KIND_TELEMETRY;
        body[1] = present(&head);
        body[2] = head.assurance.code();
        body[3] = head.transport.code();
        body[4..8].copy_from_slice(&head.model_version.to_le_bytes());
        body[8..16].copy_from_slice(&head.received.as_micros().to_le_bytes());
        body[16..24].copy_from_slice(&head.credential.get().to_le_bytes());
        body[24..26].copy_from_slice(&head.observations.to_le_bytes());
        buffer.extend_from_slice(&fixed);
        put_text(buffer, head.device.as_str());
        if let Some(gateway) = head.gateway {
            put_text(buffer, gateway.as_str());
        }
        let numbers = [
            head.boot_epoch,
            head.boot_sequence,
            head.sequence,
            head.payload_hash,
        ];
        for number in numbers.into_iter().flatten() {
            buffer.extend_from_slice(&number.to_le_bytes());
        }
        if let Some(error) = head.unreadable {
            buffer.push(error as u8);
        }
        Self {
            buffer,
            start,
            head,
        }
    }

    pub(crate) fn observation(&mut self, observation: &ObservationRef<'_>) {
        let mut fixed = [0u8; 27];
        fixed[0..2].copy_from_slice(&observation.index.to_le_bytes());
        fixed[2..6].copy_from_slice(&observation.datastream.get().to_le_bytes());
        fixed[6..14].copy_from_slice(&observation.time.as_micros().to_le_bytes());
        let mut form = match observation.value {
            ValueRef::Missing => FORM_MISSING,
            ValueRef::Number(_) => FORM_NUMBER,
            ValueRef::Boolean(false) => FORM_FALSE,
            ValueRef::Boolean(true) => FORM_TRUE,
            ValueRef::Text(_) => FORM_TEXT,
        };
        if observation.location.is_some() {
            form |= FORM_LOCATION;
        }
        let (verdict, revision) = match observation.verdict {
            Verdict::First => (0, None),
            Verdict::Revision(number) => (1, Some(number)),
            Verdict::Duplicate => (2, None),
            Verdict::Late => (3, None),
        };
        fixed[14] = form;
        fixed[15] = observation.quality.code() | verdict << VERDICT_SHIFT;
        fixed[16] = observation.flags.bits();
        let mut len = 17;
        if let Some(number) = revision {
            fixed[17..19].copy_from_slice(&number.to_le_bytes());
            len += 2;
        }
        if let ValueRef::Number(number) = observation.value {
            fixed[len..len + 8].copy_from_slice(&number.to_le_bytes());
            len += 8;
        }
        // All of it, which is copied without a call, and the rest off again.
        self.buffer.extend_from_slice(&fixed);
        self.buffer
            .truncate(self.buffer.len() - (fixed.len() - len));
        if let ValueRef::Text(text) = observation.value {
            put_text(self.buffer, text);
        }
        if let Some(location) = observation.location {
            self.buffer
                .extend_from_slice(&location.lat_e7().to_le_bytes());
            self.buffer
                .extend_from_slice(&location.lon_e7().to_le_bytes());
        }
    }

    /// Writes what follows the observations, and the length.
    pub(crate) fn finish(self) {
        let Self {
            buffer,
            start,
            head,
        } = self;
        if !head.rejections.is_empty() {
            buffer.extend_from_slice(&(head.rejections.len() as u16).to_le_bytes());
            for rejection in head.rejections {
                buffer.extend_from_slice(&rejection.index.to_le_bytes());
                buffer.push(rejection.reason.number());
                put_text(buffer, &rejection.field);
            }
        }
        if let Some(original) = head.original {
            buffer.extend_from_slice(&(original.len() as u32).to_le_bytes());
            buffer.extend_from_slice(original);
        }
        let body = buffer.len() - start - HEADER_BYTES;
        debug_assert!(body + HEADER_BYTES <= MAX_FRAME_BYTES);
        buffer[start + 4..start + 8].copy_from_slice(&(body as u32).to_le_bytes());
        buffer.resize(start + frame_bytes(body), 0);
    }
}

/// Bytes of a whole frame with a body of `body` bytes.
pub(crate) const fn frame_bytes(body: usize) -> usize {
    (HEADER_BYTES + body).next_multiple_of(ALIGNMENT)
}

fn present(head: &FrameHead<'_>) -> u8 {
    let bit = |is: bool, bit: u8| if is { bit } else { 0 };
    bit(head.gateway.is_some(), HAS_GATEWAY)
        | bit(head.boot_epoch.is_some(), HAS_BOOT_EPOCH)
        | bit(head.boot_sequence.is_some(), HAS_BOOT_SEQUENCE)
        | bit(head.sequence.is_some(), HAS_SEQUENCE)
        | bit(head.payload_hash.is_some(), HAS_PAYLOAD_HASH)
        | bit(head.unreadable.is_some(), HAS_ERROR)
        | bit(!head.rejections.is_empty(), HAS_REJECTIONS)
        | bit(head.original.is_some(), HAS_ORIGINAL)
}

fn put_text(buffer: &mut Vec<u8>, text: &str) {
    buffer.extend_from_slice(&(text.len() as u16).to_le_bytes());
    buffer.extend_from_slice(text.as_bytes());
}

/// Gives each frame of a group its segment's epoch, the first its mark, and
/// all their CRC.
pub(crate) fn seal(group: &mut [u8], epoch: u32) {
    let mut at = 0;
    let mut marks = MARK_GROUP;
    while at < group.len() {
        let body = u32_at(group, at + 4) as usize;
        group[at + 8..at + 12].copy_from_slice(&epoch.to_le_bytes());
        group[at + 12..at + 16].copy_from_slice(&marks.to_le_bytes());
        let crc = crc32c::crc32c(&group[at + 4..at + HEADER_BYTES + body]);
        group[at..at + 4].copy_from_slice(&crc.to_le_bytes());
        marks = 0;
        at += frame_bytes(body);
    }
}
