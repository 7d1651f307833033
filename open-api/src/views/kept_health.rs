//! The kept scores of devices, one by one and by agency.

use std::collections::BTreeMap;

use device_registry::Device;
use domain::{AgencyId, Timestamp};
use health::{Band, KeptHealth};
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use super::Rfc3339;
use super::health::{FieldHealthView, HealthReasonView};

/// How well a device did when it was last looked at.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = KeptHealth, example = json!({
    "device": "dev-1", "name": "Sejong-daero 110", "agency": "seoul", "model": "traffic.flow",
    "score": 75, "band": "fair", "at": "2026-05-02T00:00:00Z",
    "reasons": [
        {"code": "stuck", "part": "stuck", "points": 25.0, "value": 18.0, "usual": 3.0,
         "unit": "h", "field": "speed",
         "text": "speed has not changed for 18 hours; up to 3 would be usual."}
    ],
    "datastreams": [{"id": 7, "field": "speed", "score": 50}, {"id": 8, "field": "volume", "score": 100}]
}))]
pub(crate) struct KeptHealthView {
    device: String,
    name: String,
    agency: String,
    model: String,
    /// What the reasons leave of 100 points; 0 where nothing was ever received.
    #[schema(minimum = 0, maximum = 100)]
    score: u8,
    /// `good` from 80 on, `fair` from 50 on, or `poor`.
    band: &'static str,
    /// When it was looked at: over the 24 hours before.
    #[schema(value_type = String, format = DateTime)]
    at: Rfc3339,
    /// Why points were taken, the most first.
    reasons: Vec<HealthReasonView>,
    datastreams: Vec<FieldHealthView>,
}

impl KeptHealthView {
    pub(crate) fn new(device: &Device, health: &KeptHealth) -> Self {
        let of_datastreams = health.datastreams.iter().filter_map(|series| {
            let mut all = device.datastreams.iter();
            let datastream = all.find(|datastream| datastream.id == series.id)?;
            Some(FieldHealthView::new(&datastream, series.score))
        });
        Self {
            device: device.id.to_string(),
            name: device.name.clone(),
            agency: device.agency.to_string(),
            model: device.model.id.to_string(),
            score: health.score,
            band: Band::of(health.score).code(),
            at: Rfc3339(health.at),
            reasons: health.losses.iter().map(HealthReasonView::from).collect(),
            datastreams: of_datastreams.collect(),
        }
    }
}

impl Row for KeptHealthView {
    const COLUMNS: &'static [&'static str] = &[
        "device", "name", "agency", "model", "score", "band", "at", "reasons",
    ];
}

/// How an agency's devices in service do.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = AgencyHealth, example = json!({
    "agency": "seoul", "devices": 120, "good": 112, "fair": 5, "poor": 2, "unknown": 1,
    "reasons": {"silent": 2, "stuck": 5}, "oldest": "2026-05-02T00:00:00Z"
}))]
pub(crate) struct AgencyHealthView {
    agency: String,
    devices: u64,
    /// With a score of 80 or more.
    good: u64,
    /// With 50 to 79.
    fair: u64,
    /// With less.
    poor: u64,
    /// Not looked at yet.
    unknown: u64,
    /// How many devices lose points for each reason; `never` counts those from
    /// which nothing was ever received.
    reasons: BTreeMap<&'static str, u64>,
    /// When the score was worked out that is the oldest.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest: Option<Rfc3339>,
}

impl AgencyHealthView {
    pub(crate) fn new(agency: &AgencyId) -> Self {
        Self {
            agency: agency.to_string(),
            devices: 0,
            good: 0,
            fair: 0,
            poor: 0,
            unknown: 0,
            reasons: BTreeMap::new(),
            oldest: None,
        }
    }

    /// One more device.
    pub(crate) fn count(&mut self, health: Option<&KeptHealth>) {
        self.devices += 1;
        let Some(health) = health else {
            self.unknown += 1;
            return;
        };
        *match Band::of(health.score) {
            Band::Good => &mut self.good,
            Band::Fair => &mut self.fair,
            Band::Poor => &mut self.poor,
        } += 1;
        for reason in health.reasons() {
            *self.reasons.entry(reason).or_default() += 1;
        }
        let oldest = self
            .oldest
            .as_ref()
            .map_or(Timestamp::MAX, |oldest| oldest.0);
        self.oldest = Some(Rfc3339(oldest.min(health.at)));
    }
}

impl Row for AgencyHealthView {
    const COLUMNS: &'static [&'static str] = &[
        "agency", "devices", "good", "fair", "poor", "unknown", "reasons", "oldest",
    ];
}
