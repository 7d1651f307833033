//! How the bytes of a frame are written. They are described in
//! [`super::format`].

use domain::payload::PayloadError;
use domain::{
    Assurance, CredentialId, DatastreamId, DeviceId, Flags, Location, Offset, Quality, Rejection,
    Timestamp, Transport,
};

use super::Verdict;
use super::format::{
    FORM_FALSE, FORM_LOCATION, FORM_MISSING, FORM_NUMBER, FORM_TEXT, FORM_TRUE, HAS_BOOT_EPOCH,
    HAS_BOOT_SEQUENCE, HAS_ERROR, HAS_GATEWAY, HAS_ORIGINAL, HAS_PAYLOAD_HASH, HAS_REJECTIONS,
    HAS_SEQUENCE, HEADER_BYTES, KIND_TELEMETRY, MARK_GROUP, MAX_FRAME_BYTES, VERDICT_SHIFT,
    frame_bytes, u32_at,
};

/// Everything of a telemetry frame but its observations, borrowed from the
/// message.
pub struct TelemetryHead<'a> {
    pub received: Timestamp,
    pub device: &'a DeviceId,
    pub credential: CredentialId,
    pub assurance: Assurance,
    pub gateway: Option<&'a DeviceId>,
    pub transport: Transport,
    pub model_version: u32,
    pub boot_epoch: Option<u64>,
    pub boot_sequence: Option<u64>,
    pub sequence: Option<u64>,
    pub payload_hash: Option<u64>,
    pub unreadable: Option<PayloadError>,
    pub rejections: &'a [Rejection],
    pub original: Option<&'a [u8]>,
    pub observations: u16,
}

/// A value on its way into a frame.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ValueRef<'a> {
    Missing,
    Number(f64),
    Boolean(bool),
    Text(&'a str),
}

/// One observation on its way into a frame.
pub struct ObservationRef<'a> {
    pub index: u16,
    pub datastream: DatastreamId,
    pub time: Timestamp,
    pub value: ValueRef<'a>,
    pub quality: Quality,
    pub flags: Flags,
    pub verdict: Verdict,
    pub location: Option<Location>,
}

/// Begins the telemetry frame of `offset` after what `buffer` holds.
#[inline]
pub(crate) fn begin_telemetry(buffer: &mut Vec<u8>, offset: Offset, head: &TelemetryHead<'_>) {
    let mut fixed = [0u8; HEADER_BYTES + 26];
    fixed[16..24].copy_from_slice(&offset.get().to_le_bytes());
    let body = &mut fixed[HEADER_BYTES..];
    body[0] = KIND_TELEMETRY;
    body[1] = present(head);
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
}

/// The most that the parts of an observation with a known size take.
const FIXED_BYTES: usize = 27;

/// Writes one of the observations that the head has counted.
#[inline]
pub(crate) fn put_observation(buffer: &mut Vec<u8>, observation: &ObservationRef<'_>) {
    // Written where it stays: what is copied at once from where its parts were
    // just written, the processor waits for.
    let start = buffer.len();
    buffer.extend_from_slice(&[0; FIXED_BYTES]);
    let fixed = &mut buffer[start..];
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
    buffer.truncate(start + len);
    if let ValueRef::Text(text) = observation.value {
        put_text(buffer, text);
    }
    if let Some(location) = observation.location {
        buffer.extend_from_slice(&location.lat_e7().to_le_bytes());
        buffer.extend_from_slice(&location.lon_e7().to_le_bytes());
    }
}

/// Ends the telemetry frame that begins at `start`: what follows the
/// observations, and the length.
#[inline]
pub(crate) fn end_telemetry(buffer: &mut Vec<u8>, start: usize, head: &TelemetryHead<'_>) {
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

#[inline]
fn present(head: &TelemetryHead<'_>) -> u8 {
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

#[inline]
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
