//! The newest observation of a Datastream, by phenomenon time.

use domain::Assurance;
use http_edge::reply::csv::Row;
use ingest::StoredObservation;
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::Selected;
use crate::views::{FlagsView, PlaceView, Rfc3339, ValueView};

/// A datastream and its newest observation, flat.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Latest, example = json!({
    "id": 5, "device": "dev-1", "thing": "dev-1", "agency": "seoul", "domain": "traffic",
    "model": "traffic.flow", "field": "speed", "unit": "km/h",
    "location": {"lat": 37.5665, "lon": 126.9775},
    "phenomenon_time": "2026-05-01T00:00:00Z", "result_time": "2026-05-01T00:00:00.214Z",
    "value": 43.5, "quality": "good", "revision": 0, "offset": 120_345
}))]
pub(crate) struct LatestView<'a> {
    /// The datastream's.
    id: u32,
    device: &'a str,
    thing: &'a str,
    agency: &'a str,
    domain: &'a str,
    model: &'a str,
    field: &'a str,
    unit: Option<&'a str>,
    /// Where it was observed, or else the thing's place.
    location: Option<PlaceView>,
    #[schema(value_type = String, format = DateTime)]
    phenomenon_time: Rfc3339,
    #[schema(value_type = String, format = DateTime)]
    result_time: Rfc3339,
    value: ValueView<'a>,
    quality: &'static str,
    revision: u16,
    offset: u64,
    #[serde(skip_serializing_if = "FlagsView::is_empty")]
    #[schema(value_type = Option<Vec<String>>)]
    flags: FlagsView,
    /// `password`, `key` or `signed-message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    assurance: Option<&'static str>,
}

impl<'a> LatestView<'a> {
    pub(crate) fn new(selected: &Selected<'a>, stored: &'a StoredObservation) -> Self {
        let datastream = selected.datastream;
        Self {
            id: datastream.id.get(),
            device: datastream.device.as_str(),
            thing: datastream.thing.as_str(),
            agency: datastream.agency.as_str(),
            domain: datastream.model.domain(),
            model: datastream.model.as_str(),
            field: datastream.field.as_str(),
            unit: datastream.unit.as_deref(),
            location: selected.location.map(PlaceView::from),
            phenomenon_time: Rfc3339(stored.time),
            result_time: Rfc3339(stored.received),
            value: ValueView(stored.value.as_ref()),
            quality: stored.quality.as_str(),
            revision: stored.revision,
            offset: stored.offset.get(),
            flags: FlagsView(stored.flags),
            assurance: stored.flags.assurance().map(Assurance::as_str),
        }
    }
}

impl Row for LatestView<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "device",
        "thing",
        "agency",
        "domain",
        "model",
        "field",
        "unit",
        "location.lat",
        "location.lon",
        "phenomenon_time",
        "result_time",
        "value",
        "quality",
        "revision",
        "offset",
        "flags",
    ];
}
