//! An Observation on its way out, serialised straight from what is stored.

use domain::{Assurance, Flags, Location, Value};
use http_edge::reply::csv::{Row, cell};
use ingest::StoredObservation;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::views::{PlaceView, Rfc3339, rfc3339};

/// One result: when, what, how good, and in which version.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Observation, example = json!({
    "phenomenon_time": "2026-05-01T00:00:00Z", "result_time": "2026-05-01T00:00:00.214Z",
    "value": 43.5, "quality": "good", "revision": 0, "offset": 120_345
}))]
pub(crate) struct ObservationView<'a> {
    #[schema(value_type = String, format = DateTime)]
    phenomenon_time: Rfc3339,
    /// When the platform received it.
    #[schema(value_type = String, format = DateTime)]
    result_time: Rfc3339,
    value: ValueView<'a>,
    /// `good`, `uncertain`, `bad` or `missing`.
    quality: &'static str,
    /// 0 for the first value of a time, 1 for its first correction.
    revision: u16,
    /// The message's number in the log.
    offset: u64,
    /// `out_of_range`, `extra`, `time_assigned`, `gateway` (one published it for
    /// the device); left out when there is none.
    #[serde(skip_serializing_if = "FlagsView::is_empty")]
    #[schema(value_type = Option<Vec<String>>)]
    flags: FlagsView,
    /// How strongly the sender had proved who it is: `password`, `key` or
    /// `signed-message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    assurance: Option<&'static str>,
    /// What the device sent, or else where the thing stood at that time; for the
    /// public, the centre of a 0.001 degree cell. Left out where neither is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<PlaceView>,
}

impl<'a> ObservationView<'a> {
    /// `location` is that of the observation's time, as the viewer may see it.
    pub(crate) fn new(stored: &'a StoredObservation, location: Option<Location>) -> Self {
        Self {
            phenomenon_time: Rfc3339(stored.time),
            result_time: Rfc3339(stored.received),
            value: ValueView(stored.value.as_ref()),
            quality: stored.quality.as_str(),
            revision: stored.revision,
            offset: stored.offset.get(),
            flags: FlagsView(stored.flags),
            assurance: stored.flags.assurance().map(Assurance::as_str),
            location: location.map(PlaceView::from),
        }
    }
}

impl Row for ObservationView<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "phenomenon_time",
        "result_time",
        "value",
        "quality",
        "revision",
        "offset",
        "flags",
        "location.lat",
        "location.lon",
    ];

    /// Without the detour through a JSON value: pages are long.
    fn write(&self, out: &mut Vec<u8>) {
        let times = [self.phenomenon_time, self.result_time];
        write_observed(
            out,
            times,
            self.value,
            self.quality,
            self.revision,
            self.offset,
            self.flags,
        );
        for degrees in [self.location.map(|p| p.lat), self.location.map(|p| p.lon)] {
            out.push(b',');
            if let Some(degrees) = degrees {
                cell::json(out, &degrees);
            }
        }
    }
}

/// The cells from the times to the flags, which every table of observations has.
pub(super) fn write_observed(
    out: &mut Vec<u8>,
    times: [Rfc3339; 2],
    value: ValueView<'_>,
    quality: &str,
    revision: u16,
    offset: u64,
    flags: FlagsView,
) {
    for time in times {
        rfc3339::write(out, time.0);
        out.push(b',');
    }
    value.write_cell(out);
    out.push(b',');
    out.extend_from_slice(quality.as_bytes());
    cell::number(out, revision.into());
    cell::number(out, offset);
    out.push(b',');
    flags.write_cell(out);
}

/// A value as JSON: a number, a boolean, a text, or null.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValueView<'a>(pub(crate) Option<&'a Value>);

impl Serialize for ValueView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_none(),
            Some(Value::Number(number)) => serializer.serialize_f64(*number),
            Some(Value::Boolean(boolean)) => serializer.serialize_bool(*boolean),
            Some(Value::Text(text)) => serializer.serialize_str(text),
        }
    }
}

impl ValueView<'_> {
    pub(super) fn write_cell(self, out: &mut Vec<u8>) {
        match self.0 {
            None => {}
            Some(Value::Text(text)) => cell::text(out, text),
            Some(_) => cell::json(out, &self),
        }
    }
}

/// Marks on an observation, as a list of words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlagsView(pub(crate) Flags);

impl FlagsView {
    const NAMES: [(Flags, &'static str); 4] = [
        (Flags::OUT_OF_RANGE, "out_of_range"),
        (Flags::EXTRA, "extra"),
        (Flags::TIME_ASSIGNED, "time_assigned"),
        (Flags::GATEWAY, "gateway"),
    ];

    pub(crate) fn is_empty(&self) -> bool {
        self.names().next().is_none()
    }

    pub(super) fn write_cell(self, out: &mut Vec<u8>) {
        for (at, name) in self.names().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(name.as_bytes());
        }
    }

    fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .into_iter()
            .filter(move |(flag, _)| self.0.contains(*flag))
            .map(|(_, name)| name)
    }
}

impl Serialize for FlagsView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for name in self.names() {
            list.serialize_element(name)?;
        }
        list.end()
    }
}
