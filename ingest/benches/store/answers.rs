//! What the queries answered, for others to compare: `FOLDER/answers.json`.

use std::path::Path;

use device_registry::Registry;
use domain::DatastreamId;
use ingest::{Bucket, Ingest};
use serde_json::{Value, json};

use crate::city::FIELD;
use crate::queries::{Hours, aggregate, five_minutes, range};

/// Devices whose whole answers are written.
const WRITTEN: usize = 20;

pub(crate) struct Answers<'a> {
    pub(crate) ingest: &'a Ingest,
    pub(crate) registry: &'a Registry,
    pub(crate) asked: &'a [DatastreamId],
    pub(crate) all: &'a [DatastreamId],
    /// From and to, in microseconds.
    pub(crate) span: (i64, i64),
    pub(crate) boxes: &'a [Hours],
}

impl Answers<'_> {
    pub(crate) fn write(&self, folder: &Path) {
        let (from, to) = self.span;
        let written = &self.asked[..self.asked.len().min(WRITTEN)];
        let ranges = written.iter().map(|one| {
            let rows = range(self.ingest, *one, from, to);
            let rows = rows
                .iter()
                .map(|row| json!([row.time.as_micros(), number(&row.value)]));
            json!({"datastream": one.get(), "rows": rows.collect::<Vec<_>>()})
        });
        let buckets = written.iter().map(|one| {
            let buckets = aggregate(self.ingest, &five_minutes(*one, from, to));
            json!({"datastream": one.get(), "rows": bucket_rows(&buckets)})
        });
        let boxes = self.boxes.iter().map(|hours| {
            let ((south, west), (north, east)) = (hours.area.south_west, hours.area.north_east);
            json!({
                "box": hours.name, "bbox": [west, south, east, north],
                "datastreams": hours.datastreams, "rows": bucket_rows(&hours.buckets),
            })
        });
        let latest = self.all.iter().filter_map(|one| self.ingest.latest(*one));
        let latest = latest.map(|row| {
            json!([
                row.datastream.get(),
                row.time.as_micros(),
                number(&row.value)
            ])
        });
        let answers = json!({
            "field": FIELD, "from": from, "to": to,
            "asked": self.asked.iter().map(|one| one.get()).collect::<Vec<_>>(),
            "places": self.places(),
            "range": ranges.collect::<Vec<_>>(),
            "buckets": buckets.collect::<Vec<_>>(),
            "hourly_mean": boxes.collect::<Vec<_>>(),
            "latest": latest.collect::<Vec<_>>(),
        });
        std::fs::write(folder.join("answers.json"), answers.to_string()).unwrap();
    }

    /// Each datastream with its device and where it stands, in 1e-7 degree.
    fn places(&self) -> Vec<Value> {
        let snapshot = self.registry.snapshot();
        let place = |one: &DatastreamId| {
            let datastream = snapshot.datastream(*one).unwrap();
            let thing = snapshot.thing(datastream.thing.as_str()).unwrap();
            let place = thing.location().unwrap();
            json!([
                one.get(),
                datastream.device.as_str(),
                place.lat_e7(),
                place.lon_e7()
            ])
        };
        self.all.iter().map(place).collect()
    }
}

fn number(value: &Option<domain::Value>) -> Option<f64> {
    match value {
        Some(domain::Value::Number(number)) => Some(*number),
        _ => None,
    }
}

fn bucket_rows(buckets: &[Bucket]) -> Vec<Value> {
    buckets
        .iter()
        .map(|bucket| json!([bucket.start.as_micros(), bucket.values]))
        .collect()
}
