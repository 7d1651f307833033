//! One row, in 56 bytes.

use std::mem::size_of;

use domain::{DatastreamId, Flags, Offset, Quality, Timestamp, Value};
use frame_log::{FrameObservation, TelemetryFrame, Verdict};

use super::texts::Texts;
use crate::file::row::{FileRow, FileValue};
use crate::observation::{MaybeLocation, StoredObservation};

/// Stands for "none" in a link.
pub(super) const NONE: u32 = u32::MAX;
/// The revision of a row that is older than what the sequencer remembered.
const UNRESOLVED: u16 = u16::MAX;

#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) time: i64,
    received: i64,
    pub(super) offset: u64,
    /// A double's bits, a boolean, or a text's number.
    bits: u64,
    pub(super) series: u32,
    /// The row before it of the same series.
    pub(super) previous: u32,
    location: MaybeLocation,
    pub(super) index: u16,
    revision: u16,
    kind: Kind,
    quality: Quality,
    flags: u8,
}

const _: () = assert!(size_of::<Row>() == 56);

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Missing,
    Number,
    Boolean,
    Text,
}

impl Row {
    /// `previous`: the number of the row before it of the same series.
    pub(super) fn of<D>(
        frame: &TelemetryFrame<D>,
        observation: &FrameObservation,
        previous: u32,
        texts: &mut Texts,
    ) -> Self {
        let (kind, bits) = match &observation.value {
            None => (Kind::Missing, 0),
            Some(Value::Number(number)) => (Kind::Number, number.to_bits()),
            Some(Value::Boolean(is)) => (Kind::Boolean, u64::from(*is)),
            Some(Value::Text(text)) => (Kind::Text, u64::from(texts.number(text))),
        };
        Self {
            time: observation.time.as_micros(),
            // A log may have frames of versions that did not round.
            received: frame.received.ceil_to_millis().as_micros(),
            offset: frame.offset.get(),
            bits,
            series: observation.datastream.get(),
            previous,
            location: observation.location.into(),
            index: observation.index,
            revision: match observation.verdict {
                Verdict::Revision(number) => number,
                Verdict::Late => UNRESOLVED,
                Verdict::First | Verdict::Duplicate => 0,
            },
            kind,
            quality: observation.quality,
            flags: observation.flags.bits(),
        }
    }

    /// For an answer.
    pub(super) fn stored(&self, texts: &Texts) -> StoredObservation {
        StoredObservation {
            datastream: DatastreamId::new(self.series),
            time: Timestamp::from_micros(self.time),
            received: Timestamp::from_micros(self.received),
            value: match self.kind {
                Kind::Missing => None,
                Kind::Number => Some(Value::Number(f64::from_bits(self.bits))),
                Kind::Boolean => Some(Value::Boolean(self.bits != 0)),
                Kind::Text => Some(Value::Text(texts.get(self.bits).into())),
            },
            quality: self.quality,
            flags: Flags::from_bits(self.flags),
            revision: self.revision,
            offset: Offset::new(self.offset),
            index: self.index,
            location: self.location.get(),
        }
    }

    pub(super) fn for_file<'a>(&self, texts: &'a Texts) -> FileRow<'a> {
        FileRow {
            series: self.series,
            time: self.time,
            received: self.received,
            offset: self.offset,
            value: match self.kind {
                Kind::Missing => FileValue::Missing,
                Kind::Number => FileValue::Number(f64::from_bits(self.bits)),
                Kind::Boolean => FileValue::Boolean(self.bits != 0),
                Kind::Text => FileValue::Text(texts.get(self.bits)),
            },
            quality: self.quality,
            flags: self.flags,
            revision: self.revision,
            index: self.index,
            location: self
                .location
                .get()
                .map(|location| (location.lat_e7(), location.lon_e7())),
        }
    }
}
