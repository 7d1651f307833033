//! A score of health with what it is made of.

use device_registry::{Datastream, Device};
use domain::Timestamp;
use health::{DeviceHealth, Health, LeftOut, Part};
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::Rfc3339;

/// How well a device does, over the last 24 hours.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = DeviceHealth, example = json!({
    "device": "dev-1", "score": 75, "from": "2026-05-01T00:00:00Z", "to": "2026-05-02T00:00:00Z",
    "parts": [
        {"part": "seen", "score": 100.0, "weight": 100.0, "points": 0.0, "value": 21.5,
         "unit": "s", "fine": 180.0, "worst": 1800.0, "field": null},
        {"part": "stuck", "score": 50.0, "weight": 50.0, "points": 25.0, "value": 18.0,
         "unit": "h", "fine": 3.0, "worst": 12.0, "field": "speed"}
    ],
    "reasons": [
        {"code": "stuck", "part": "stuck", "points": 25.0, "value": 18.0, "usual": 3.0,
         "unit": "h", "field": "speed",
         "text": "speed has not changed for 18 hours; up to 3 would be usual."}
    ],
    "left_out": [
        {"part": "battery", "code": "not-reported", "text": "The device does not report it."}
    ],
    "datastreams": [{"id": 7, "field": "speed", "score": 50}, {"id": 8, "field": "volume", "score": 100}]
}))]
pub(crate) struct DeviceHealthView {
    device: String,
    /// What the parts leave of 100 points; 0 where nothing was ever received.
    #[schema(minimum = 0, maximum = 100)]
    score: u8,
    #[schema(value_type = String, format = DateTime)]
    from: Rfc3339,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    to: Rfc3339,
    parts: Vec<HealthPartView>,
    /// Why points were taken, the most first.
    reasons: Vec<HealthReasonView>,
    /// Parts of which nothing is known; they take no points.
    left_out: Vec<HealthGapView>,
    /// Of each datastream that the caller may read.
    datastreams: Vec<FieldHealthView>,
}

/// How well a datastream does, over the last 24 hours.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = DatastreamHealth, example = json!({
    "datastream": 7, "field": "speed", "score": 50,
    "from": "2026-05-01T00:00:00Z", "to": "2026-05-02T00:00:00Z",
    "parts": [
        {"part": "stuck", "score": 0.0, "weight": 50.0, "points": 50.0, "value": 18.0,
         "unit": "h", "fine": 3.0, "worst": 12.0, "field": "speed"}
    ],
    "reasons": [
        {"code": "stuck", "part": "stuck", "points": 50.0, "value": 18.0, "usual": 3.0,
         "unit": "h", "field": "speed",
         "text": "speed has not changed for 18 hours; up to 3 would be usual."}
    ],
    "left_out": []
}))]
pub(crate) struct DatastreamHealthView {
    datastream: u32,
    field: String,
    /// What the parts leave of 100 points; 0 where nothing was ever received.
    #[schema(minimum = 0, maximum = 100)]
    score: u8,
    #[schema(value_type = String, format = DateTime)]
    from: Rfc3339,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    to: Rfc3339,
    parts: Vec<HealthPartView>,
    /// Why points were taken, the most first.
    reasons: Vec<HealthReasonView>,
    /// Parts of which nothing is known; they take no points.
    left_out: Vec<HealthGapView>,
}

/// One thing that is looked at.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = HealthPart)]
struct HealthPartView {
    /// `seen`, `missed`, `clock`, `implausible`, `stuck`, `drift`, `repeated`,
    /// `refused`, `battery` or `signal`.
    part: &'static str,
    /// 0 to 100.
    score: f64,
    /// The points that it takes where its score is 0.
    weight: f64,
    /// The points that it takes: weight x (100 - score) / 100.
    points: f64,
    /// What was seen; of several fields, of the one that does worst.
    value: f64,
    /// UCUM code of `value`, `fine` and `worst`.
    unit: &'static str,
    /// At this value its score is still 100.
    fine: f64,
    /// At this value it is 0.
    worst: f64,
    field: Option<String>,
}

/// Why points were taken.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = HealthReason)]
pub(super) struct HealthReasonView {
    /// `silent`, `missed`, `clock-ahead`, `clock-late`, `implausible`, `stuck`,
    /// `drift`, `repeated`, `refused`, `battery-low` or `signal-weak`.
    code: &'static str,
    part: &'static str,
    points: f64,
    value: f64,
    /// What would have taken no points.
    usual: f64,
    /// UCUM code.
    unit: &'static str,
    field: Option<String>,
    /// In English.
    text: String,
}

/// A part of which nothing is known.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = HealthGap)]
struct HealthGapView {
    part: &'static str,
    /// `no-readings`, `no-own-times`, `no-numbers`, `too-few`, `constant`,
    /// `resting`, `no-neighbours`, `not-reported` or `too-much`.
    code: &'static str,
    /// In English.
    text: &'static str,
}

/// The score of one datastream of a device.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = FieldHealth)]
pub(super) struct FieldHealthView {
    id: u32,
    field: String,
    score: u8,
}

impl FieldHealthView {
    pub(super) fn new(datastream: &Datastream, score: u8) -> Self {
        Self {
            id: datastream.id.get(),
            field: datastream.field.to_string(),
            score,
        }
    }
}

impl DeviceHealthView {
    pub(crate) fn new(
        device: &Device,
        found: &DeviceHealth<'_>,
        (from, to): (Timestamp, Timestamp),
    ) -> Self {
        let of_fields = found.datastreams.iter();
        Self {
            device: device.id.to_string(),
            score: found.health.score(),
            from: Rfc3339(from),
            to: Rfc3339(to),
            parts: parts(&found.health),
            reasons: reasons(&found.health),
            left_out: left_out(&found.health),
            datastreams: of_fields
                .map(|(datastream, health)| FieldHealthView::new(datastream, health.score()))
                .collect(),
        }
    }
}

impl DatastreamHealthView {
    pub(crate) fn new(
        datastream: &Datastream,
        health: &Health,
        (from, to): (Timestamp, Timestamp),
    ) -> Self {
        Self {
            datastream: datastream.id.get(),
            field: datastream.field.to_string(),
            score: health.score(),
            from: Rfc3339(from),
            to: Rfc3339(to),
            parts: parts(health),
            reasons: reasons(health),
            left_out: left_out(health),
        }
    }
}

fn parts(health: &Health) -> Vec<HealthPartView> {
    health.parts.iter().map(HealthPartView::from).collect()
}

fn reasons(health: &Health) -> Vec<HealthReasonView> {
    let losses = health.losses().into_iter();
    losses.map(HealthReasonView::from).collect()
}

fn left_out(health: &Health) -> Vec<HealthGapView> {
    health.left_out.iter().map(HealthGapView::from).collect()
}

impl From<&Part> for HealthPartView {
    fn from(part: &Part) -> Self {
        Self {
            part: part.kind.code(),
            score: tenths(part.score),
            weight: part.kind.weight(),
            points: tenths(part.points()),
            value: tenths(part.value),
            unit: part.kind.unit(),
            fine: tenths(part.fine),
            worst: tenths(part.worst),
            field: part.field.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&Part> for HealthReasonView {
    fn from(part: &Part) -> Self {
        Self {
            code: part.reason(),
            part: part.kind.code(),
            points: tenths(part.points()),
            value: tenths(part.value),
            usual: tenths(part.fine),
            unit: part.kind.unit(),
            field: part.field.as_ref().map(ToString::to_string),
            text: part.sentence(),
        }
    }
}

impl From<&LeftOut> for HealthGapView {
    fn from(left_out: &LeftOut) -> Self {
        Self {
            part: left_out.part.code(),
            code: left_out.why.code(),
            text: left_out.sentence(),
        }
    }
}

/// More digits would say more than is known.
fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
