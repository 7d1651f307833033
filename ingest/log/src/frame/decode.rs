//! Reading frames back: the guards first, then the body. The format stands in
//! [`super::format`].

use bytes::Bytes;
use domain::payload::PayloadError;
use domain::{
    Assurance, CredentialId, DatastreamId, DeviceId, Flags, Location, Offset, Quality,
    RejectReason, Rejection, Timestamp, Transport, Value,
};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::format::{
    ALIGNMENT, FORM_FALSE, FORM_LOCATION, FORM_MASK, FORM_MISSING, FORM_NUMBER, FORM_TEXT,
    FORM_TRUE, HAS_BOOT_EPOCH, HAS_BOOT_SEQUENCE, HAS_ERROR, HAS_GATEWAY, HAS_ORIGINAL,
    HAS_PAYLOAD_HASH, HAS_REJECTIONS, HAS_SEQUENCE, HEADER_BYTES, KIND_TELEMETRY, MARK_GROUP,
    MAX_FRAME_BYTES, QUALITY_MASK, VERDICT_SHIFT, frame_bytes, u32_at, u64_at,
};
use super::{Frame, FrameObservation, TelemetryFrame, Verdict, WrittenDevice};

/// A frame whose CRC and epoch are right, or that has not left this process.
pub struct Checked<'a> {
    pub offset: Offset,
    pub(crate) first_of_group: bool,
    pub(crate) body: &'a [u8],
}

impl Checked<'_> {
    /// Bytes of the whole frame.
    pub(crate) fn bytes(&self) -> usize {
        frame_bytes(self.body.len())
    }
}

/// Reads the frame that `bytes` begin with.
pub(crate) fn check(bytes: &[u8], epoch: u32) -> Option<Checked<'_>> {
    if bytes.len() < HEADER_BYTES || u32_at(bytes, 8) != epoch {
        return None;
    }
    let body = u32_at(bytes, 4) as usize;
    let whole = HEADER_BYTES + body;
    if whole > MAX_FRAME_BYTES || whole > bytes.len() {
        return None;
    }
    if crc32c::crc32c(&bytes[4..whole]) != u32_at(bytes, 0) {
        return None;
    }
    Some(Checked {
        offset: Offset::new(u64_at(bytes, 16)),
        first_of_group: u32_at(bytes, 12) & MARK_GROUP != 0,
        body: &bytes[HEADER_BYTES..whole],
    })
}

/// The frame that `bytes` begin with, where they have not left this process.
pub(crate) fn unchecked(bytes: &[u8]) -> Checked<'_> {
    let body = u32_at(bytes, 4) as usize;
    Checked {
        offset: Offset::new(u64_at(bytes, 16)),
        first_of_group: false,
        body: &bytes[HEADER_BYTES..HEADER_BYTES + body],
    }
}

/// Decodes a frame that has not left this process.
pub(crate) fn decode_written<'a>(checked: &Checked<'a>) -> Frame<WrittenDevice<'a>> {
    decode(checked.offset, checked.body, &mut |text| {
        Ok(WrittenDevice(text))
    })
    .expect("this process wrote it")
}

/// Length of the whole frame that `bytes` claim to begin with, unchecked.
pub(crate) fn claimed_bytes(bytes: &[u8]) -> Option<usize> {
    let whole = HEADER_BYTES + u32_at(bytes.get(..HEADER_BYTES)?, 4) as usize;
    (whole <= MAX_FRAME_BYTES).then(|| whole.next_multiple_of(ALIGNMENT))
}

/// A frame whose CRC is right but whose body does not read: written by a
/// newer version, or a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the frame at offset {offset} cannot be read: {what}")]
pub struct DecodeError {
    pub offset: Offset,
    pub what: &'static str,
}

/// The most device ids that a decoder keeps so as not to allocate them again.
const MAX_KNOWN_DEVICES: usize = 1 << 17;

/// Reads bodies; keeps the ids of devices that it has met.
#[derive(Default)]
pub struct Decoder {
    devices: FxHashSet<DeviceId>,
}

impl Decoder {
    pub fn decode(&mut self, checked: &Checked<'_>) -> Result<Frame, DecodeError> {
        let offset = checked.offset;
        decode(offset, checked.body, &mut |text| self.device(text))
            .map_err(|what| DecodeError { offset, what })
    }

    fn device(&mut self, text: &str) -> Result<DeviceId, &'static str> {
        if let Some(known) = self.devices.get(text) {
            return Ok(known.clone());
        }
        let device = DeviceId::new(text).map_err(|_| "a device id")?;
        if self.devices.len() >= MAX_KNOWN_DEVICES {
            self.devices.clear();
        }
        self.devices.insert(device.clone());
        Ok(device)
    }
}

/// Reads a body; `device` makes of an id's text what the frame holds.
fn decode<'a, D>(
    offset: Offset,
    body: &'a [u8],
    device: &mut impl FnMut(&'a str) -> Result<D, &'static str>,
) -> Result<Frame<D>, &'static str> {
    let mut input = Input(body);
    match input.u8()? {
        KIND_TELEMETRY => Ok(Frame::Telemetry(telemetry(offset, input, device)?)),
        _ => Err("an unknown kind of frame"),
    }
}

fn telemetry<'a, D>(
    offset: Offset,
    mut input: Input<'a>,
    device: &mut impl FnMut(&'a str) -> Result<D, &'static str>,
) -> Result<TelemetryFrame<D>, &'static str> {
    let present = input.u8()?;
    let has = |bit: u8| present & bit != 0;
    let assurance = Assurance::from_code(input.u8()?).ok_or("an unknown assurance")?;
    let transport = Transport::from_code(input.u8()?).ok_or("an unknown transport")?;
    let model_version = input.u32()?;
    let received = Timestamp::from_micros(input.i64()?);
    let credential = CredentialId::new(input.u64()?);
    let count = input.u16()?;
    let sender = device(input.text()?)?;
    let gateway = if has(HAS_GATEWAY) {
        Some(device(input.text()?)?)
    } else {
        None
    };
    let mut number = |bit| {
        if has(bit) {
            input.u64().map(Some)
        } else {
            Ok(None)
        }
    };
    let boot_epoch = number(HAS_BOOT_EPOCH)?;
    let boot_sequence = number(HAS_BOOT_SEQUENCE)?;
    let sequence = number(HAS_SEQUENCE)?;
    let payload_hash = number(HAS_PAYLOAD_HASH)?;
    let unreadable = if has(HAS_ERROR) {
        Some(payload_error(input.u8()?)?)
    } else {
        None
    };
    let mut observations = SmallVec::with_capacity(usize::from(count));
    for _ in 0..count {
        observations.push(input.observation()?);
    }
    let rejections = if has(HAS_REJECTIONS) {
        input.rejections()?
    } else {
        Vec::new()
    };
    let original = if has(HAS_ORIGINAL) {
        Some(input.original()?)
    } else {
        None
    };
    if !input.0.is_empty() {
        return Err("bytes after the end");
    }
    Ok(TelemetryFrame {
        offset,
        received,
        device: sender,
        credential,
        assurance,
        gateway,
        transport,
        model_version,
        boot_epoch,
        boot_sequence,
        sequence,
        payload_hash,
        observations,
        rejections,
        unreadable,
        original,
    })
}

fn payload_error(code: u8) -> Result<PayloadError, &'static str> {
    PayloadError::from_number(code).ok_or("an unknown payload error")
}

/// What is left of a body.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], &'static str> {
        let (head, rest) = self.0.split_at_checked(len).ok_or("it is cut short")?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or("it is cut short")?;
        self.0 = rest;
        Ok(*head)
    }

    fn u8(&mut self) -> Result<u8, &'static str> {
        self.array().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, &'static str> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, &'static str> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, &'static str> {
        self.array().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64, &'static str> {
        self.array().map(i64::from_le_bytes)
    }

    fn text(&mut self) -> Result<&'a str, &'static str> {
        let len = self.u16()?;
        std::str::from_utf8(self.take(usize::from(len))?).map_err(|_| "a text is not UTF-8")
    }

    fn observation(&mut self) -> Result<FrameObservation, &'static str> {
        let fixed = self.array::<17>()?;
        let index = u16::from_le_bytes([fixed[0], fixed[1]]);
        let (form, judged) = (fixed[14], fixed[15]);
        let verdict = match judged >> VERDICT_SHIFT {
            0 => Verdict::First,
            1 => Verdict::Revision(self.u16()?),
            2 => Verdict::Duplicate,
            3 => Verdict::Late,
            _ => return Err("an unknown verdict"),
        };
        let value = match form & FORM_MASK {
            FORM_MISSING => None,
            FORM_NUMBER => Some(Value::Number(self.array().map(f64::from_le_bytes)?)),
            FORM_FALSE => Some(Value::Boolean(false)),
            FORM_TRUE => Some(Value::Boolean(true)),
            FORM_TEXT => Some(Value::Text(self.text()?.into())),
            _ => return Err("an unknown form of value"),
        };
        let location = if form & FORM_LOCATION != 0 {
            let lat = self.array().map(i32::from_le_bytes)?;
            Some(Location::from_e7(
                lat,
                self.array().map(i32::from_le_bytes)?,
            ))
        } else {
            None
        };
        Ok(FrameObservation {
            index,
            datastream: DatastreamId::new(u32_at(&fixed, 2)),
            time: Timestamp::from_micros(u64_at(&fixed, 6) as i64),
            value,
            quality: Quality::from_code(judged & QUALITY_MASK).ok_or("an unknown quality")?,
            flags: Flags::from_bits(fixed[16]),
            verdict,
            location,
        })
    }

    fn rejections(&mut self) -> Result<Vec<Rejection>, &'static str> {
        let count = self.u16()?;
        let mut rejections = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let index = self.u16()?;
            let reason = RejectReason::from_number(self.u8()?).ok_or("an unknown reason")?;
            let field = self.text()?.into();
            rejections.push(Rejection {
                index,
                field,
                reason,
            });
        }
        Ok(rejections)
    }

    fn original(&mut self) -> Result<Bytes, &'static str> {
        let len = self.u32()?;
        Ok(Bytes::copy_from_slice(self.take(len as usize)?))
    }
}
