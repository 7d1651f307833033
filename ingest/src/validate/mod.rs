//! From parsed to validated: which datastream an observation belongs to, and
//! whether its value can be what it says.
//!
//! What cannot be is a typed rejection beside the others; a value that is only
//! implausible is kept as `uncertain`. Values leave in the model's unit. No
//! I/O, no clock, no allocation for a message of four observations or fewer
//! without a fault.

mod retention;
mod value;

use std::borrow::Cow;

use device_registry::{Device, Field, NewExtraField};
use domain::payload::PayloadError;
use domain::{
    AgencyId, DatastreamId, Flags, Location, ModelId, ObservationBatch, ParsedObservation, Quality,
    RejectReason, Rejection, Timestamp,
};
use frame_log::ValueRef;
use sha2::{Digest, Sha256};
use smallvec::SmallVec;

use crate::clock::Spread;

/// A message whose observations have their datastreams and values.
pub(crate) struct Validated<'a> {
    pub(crate) observations: SmallVec<[ValidObservation<'a>; 4]>,
    pub(crate) rejections: Cow<'a, [Rejection]>,
    /// What has to be registered before the message can be judged to its end.
    pub(crate) new_fields: Vec<NewExtraField>,
    /// The whole payload could not be read.
    pub(crate) unreadable: Option<PayloadError>,
    /// The device's own count of its messages.
    pub(crate) sequence: Option<u64>,
    /// Of a payload that may be sent again and has no time of its own.
    pub(crate) payload_hash: Option<u64>,
}

/// An observation that will be stored, unless it is a duplicate.
pub(crate) struct ValidObservation<'a> {
    pub(crate) index: u16,
    pub(crate) datastream: DatastreamId,
    /// Absent: the sequencer assigns it.
    pub(crate) time: Option<Timestamp>,
    pub(crate) value: ValueRef<'a>,
    pub(crate) quality: Quality,
    pub(crate) flags: Flags,
    pub(crate) location: Option<Location>,
}

/// What becomes of a field that the device's datastreams do not have.
pub(crate) enum ExtraField {
    Standing(DatastreamId),
    New(NewExtraField),
    Refused(RejectReason),
}

/// Judges one message of `device`; `spread` is that of the clock that gave the
/// receipt's time. `kept_days` tells how long an agency's data
/// of a model is kept, and is asked for what is a day old or more; `extra` finds the datastream of a
/// field that the model does not know; its error ends the whole message.
pub(crate) fn validate<'a, E>(
    device: &Device,
    batch: &'a ObservationBatch<'_>,
    spread: Spread,
    kept_days: impl Fn(&AgencyId, &ModelId) -> Option<u32>,
    mut extra: impl FnMut(&str) -> Result<ExtraField, E>,
) -> Result<Validated<'a>, E> {
    let telemetry = match &batch.telemetry {
        Ok(telemetry) => telemetry,
        Err(error) => return Ok(Validated::unreadable(*error)),
    };
    let mut observations = SmallVec::with_capacity(telemetry.observations.len());
    let mut rejections = Cow::Borrowed(telemetry.rejections.as_slice());
    let mut new_fields = Vec::new();
    let times = Times::at(batch.origin.received, spread);
    // A time that is counted from the receipt is none of its own.
    let mut timeless = telemetry.relative_times;
    for parsed in &telemetry.observations {
        timeless |= parsed.time.is_none();
        match judge(device, parsed, &times, &kept_days, &mut extra)? {
            Judged::Valid(valid) => observations.push(valid),
            Judged::New(field) => new_fields.push(field),
            Judged::Refused(reason) => {
                let rejection = Rejection::new(parsed.index, &parsed.field, reason);
                rejections.to_mut().push(rejection);
            }
        }
    }
    if let Cow::Owned(all) = &mut rejections {
        all.sort_by_key(|rejection| rejection.index);
    }
    let hashed = timeless && batch.origin.transport.marks_resent();
    Ok(Validated {
        observations,
        rejections,
        new_fields,
        unreadable: None,
        sequence: telemetry.sequence,
        payload_hash: hashed.then(|| payload_hash(batch.original)),
    })
}

impl Validated<'_> {
    fn unreadable(error: PayloadError) -> Self {
        Self {
            observations: SmallVec::new(),
            rejections: Cow::Borrowed(&[]),
            new_fields: Vec::new(),
            unreadable: Some(error),
            sequence: None,
            payload_hash: None,
        }
    }

    /// Whether the message goes to quarantine in whole or in part.
    pub(crate) fn has_faults(&self) -> bool {
        self.unreadable.is_some() || !self.rejections.is_empty()
    }
}

/// What becomes of one observation.
enum Judged<'a> {
    Valid(ValidObservation<'a>),
    /// It would be stored, and its field has no datastream yet.
    New(NewExtraField),
    Refused(RejectReason),
}

fn judge<'a, E>(
    device: &Device,
    parsed: &'a ParsedObservation<'_>,
    times: &Times,
    kept_days: &impl Fn(&AgencyId, &ModelId) -> Option<u32>,
    extra: &mut impl FnMut(&str) -> Result<ExtraField, E>,
) -> Result<Judged<'a>, E> {
    if parsed.time.is_some_and(|time| !times.possible(time)) {
        return Ok(Judged::Refused(RejectReason::ImpossibleTime));
    }
    let known = find(device, &parsed.field);
    if let Some(time) = parsed.time
        && retention::is_older(time, times.settled, || {
            match device.datastream(&parsed.field) {
                Some(datastream) => kept_days(datastream.agency, datastream.model),
                None => kept_days(&device.agency, &device.model.id),
            }
        })
    {
        return Ok(Judged::Refused(RejectReason::OlderThanRetention));
    }
    let judged = match known.and_then(|(_, field)| field) {
        Some(field) => value::of_field(parsed, field),
        None => value::of_extra(parsed),
    };
    let judged = match judged {
        Ok(judged) => judged,
        Err(reason) => return Ok(Judged::Refused(reason)),
    };
    let datastream = match known {
        Some((datastream, _)) => datastream,
        // Only for what would be stored: a refused value makes no datastream.
        None => match extra(&parsed.field)? {
            ExtraField::Standing(id) => id,
            ExtraField::New(field) => return Ok(Judged::New(field)),
            ExtraField::Refused(reason) => return Ok(Judged::Refused(reason)),
        },
    };
    Ok(Judged::Valid(ValidObservation {
        index: parsed.index,
        datastream,
        time: parsed.time,
        value: judged.value,
        quality: match (parsed.time, judged.quality) {
            (None, Quality::Good) => times.assigned,
            (_, quality) => quality,
        },
        flags: judged.flags,
        location: parsed.location,
    }))
}

/// What observations' times are judged by.
struct Times {
    latest: i64,
    settled: Timestamp,
    /// The quality of a good value that gets its time from the platform.
    assigned: Quality,
}

impl Times {
    fn at(received: Timestamp, spread: Spread) -> Self {
        let latest = spread.latest(received).as_micros();
        Self {
            latest: latest.saturating_add(Timestamp::MAX_AHEAD_MICROS),
            settled: spread.settled(received),
            assigned: if spread.in_doubt {
                Quality::Uncertain
            } else {
                Quality::Good
            },
        }
    }

    fn possible(&self, time: Timestamp) -> bool {
        Timestamp::EARLIEST <= time && time.as_micros() <= self.latest
    }
}

/// The device's datastream of a field, and its definition where there is one.
/// Of a field of the model neither is looked at beside the device.
fn find<'d>(device: &'d Device, name: &str) -> Option<(DatastreamId, Option<&'d Field>)> {
    let fields = &device.model.fields;
    if let Some(at) = fields.iter().position(|field| field.name.as_str() == name)
        && let Some(number) = device.datastreams.of_field(at)
    {
        return Some((number, Some(&fields[at])));
    }
    let datastream = device.datastream(name)?;
    Some((datastream.id, datastream.definition.map(AsRef::as_ref)))
}

/// 64 bits of SHA-256. It is stored in frames, so it must never change. A device
/// that searches for two payloads with one hash loses the second of them, and
/// harms nobody else.
fn payload_hash(payload: &[u8]) -> u64 {
    let digest = Sha256::digest(payload);
    u64::from_le_bytes(digest[..8].try_into().expect("a digest has 32 bytes"))
}

#[cfg(test)]
mod tests;
