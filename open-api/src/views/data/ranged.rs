//! An Observation among those of other Datastreams, on its way out.

use device_registry::Datastream;
use domain::Location;
use http_edge::reply::csv::{Row, cell};
use ingest::StoredObservation;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::ObservationView;

/// An observation, and what it is of.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = RangedObservation, example = json!({
    "datastream": 5, "thing": "dev-1", "field": "speed", "unit": "km/h",
    "phenomenon_time": "2026-05-01T00:00:00Z", "result_time": "2026-05-01T00:00:00.214Z",
    "value": 43.5, "quality": "good", "revision": 0, "offset": 120_345
}))]
pub(crate) struct RangedObservationView<'a> {
    /// The datastream's number.
    datastream: u32,
    thing: &'a str,
    field: &'a str,
    unit: Option<&'a str>,
    #[serde(flatten)]
    observation: ObservationView<'a>,
}

impl<'a> RangedObservationView<'a> {
    /// `location` is that of the observation's time, as the viewer may see it.
    pub(crate) fn new(
        datastream: Datastream<'a>,
        stored: &'a StoredObservation,
        location: Option<Location>,
    ) -> Self {
        Self {
            datastream: datastream.id.get(),
            thing: datastream.thing.as_str(),
            field: datastream.field.as_str(),
            unit: datastream.unit,
            observation: ObservationView::new(stored, location),
        }
    }
}

impl Row for RangedObservationView<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "datastream",
        "thing",
        "field",
        "unit",
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

    /// Without the detour through a JSON value: a range is long.
    fn write(&self, out: &mut Vec<u8>) {
        cell::json(out, &self.datastream);
        for text in [Some(self.thing), Some(self.field), self.unit] {
            out.push(b',');
            if let Some(text) = text {
                cell::text(out, text);
            }
        }
        out.push(b',');
        self.observation.write(out);
    }
}
