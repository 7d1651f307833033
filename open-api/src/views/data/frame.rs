//! The events of the stream: a frame, or a gap.

use serde::Serialize;
use utoipa::ToSchema;

use crate::views::{FlagsView, PlaceView, Rfc3339, ValueView};

/// One accepted message, with those of its observations that the caller may
/// see and asked for.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Frame, example = json!({
    "offset": 120_345, "result_time": "2026-05-01T00:00:00.214Z", "device": "dev-1",
    "thing": "dev-1", "agency": "seoul", "domain": "traffic", "model": "traffic.flow",
    "location": {"lat": 37.5665, "lon": 126.9775}, "assurance": "key",
    "observations": [{"datastream": 5, "field": "speed", "unit": "km/h",
        "phenomenon_time": "2026-05-01T00:00:00Z", "value": 43.5, "quality": "good", "revision": 0}]
}))]
pub(crate) struct FrameView<'a> {
    pub(crate) offset: u64,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) result_time: Rfc3339,
    pub(crate) device: &'a str,
    pub(crate) thing: &'a str,
    pub(crate) agency: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) model: &'a str,
    pub(crate) location: Option<PlaceView>,
    /// How sure the sender is: `password`, `key` (its key signed the login) or
    /// `signed-message` (its key signed this message).
    pub(crate) assurance: &'static str,
    /// The gateway that published for the device; operators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gateway: Option<&'a str>,
    pub(crate) observations: Vec<FrameObservationView<'a>>,
}

/// One observation of a frame.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = FrameObservation)]
pub(crate) struct FrameObservationView<'a> {
    pub(crate) datastream: u32,
    pub(crate) field: &'a str,
    pub(crate) unit: Option<&'a str>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) phenomenon_time: Rfc3339,
    pub(crate) value: ValueView<'a>,
    pub(crate) quality: &'static str,
    pub(crate) revision: u16,
    #[serde(skip_serializing_if = "FlagsView::is_empty")]
    #[schema(value_type = Option<Vec<String>>)]
    pub(crate) flags: FlagsView,
    /// Only where it is not the frame's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<PlaceView>,
}

/// Frames that are gone from the log, and the queries that fill the gap.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Gap, example = json!({
    "from_offset": 3, "to_offset": 9, "datastreams": "/v1/datastreams?domain=traffic",
    "fill": "/v1/datastreams/{id}/observations?from_offset=3&to_offset=9",
    "export": "/v1/export/{date}"
}))]
pub(crate) struct GapView {
    /// Inclusive.
    pub(crate) from_offset: u64,
    /// Exclusive.
    pub(crate) to_offset: u64,
    /// The datastreams to ask.
    pub(crate) datastreams: String,
    /// What to ask of each.
    pub(crate) fill: String,
    /// Where there is much to fill: whole days of phenomenon time.
    pub(crate) export: &'static str,
}
