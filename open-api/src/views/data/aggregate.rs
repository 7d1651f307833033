//! Buckets on their way out: their columns are what the caller asked for.

use std::collections::BTreeMap;

use axum::response::Response;
use domain::Timestamp;
use http_edge::reply::csv::cell;
use http_edge::reply::{Form, json_bytes};
use ingest::{AggregateFunction, Bucket};
use jiff::tz::TimeZone;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A function under the name that the caller gave it.
#[derive(Clone, Debug)]
pub(crate) struct AggregateFunctionName {
    pub(crate) name: String,
    pub(crate) function: AggregateFunction,
}

/// All buckets of an answer.
pub(crate) struct AggregateList<'a> {
    pub(crate) buckets: &'a [Bucket],
    pub(crate) names: &'a [AggregateFunctionName],
    pub(crate) zone: &'a TimeZone,
    /// UCUM code, where there is one for all.
    pub(crate) unit: Option<&'a str>,
}

impl AggregateList<'_> {
    pub(crate) fn reply(&self, form: Form) -> Response {
        let bytes = match form {
            Form::Json => json_bytes(&self),
            Form::Csv => self.csv(),
        };
        form.response(bytes, None)
    }

    /// Only they can be approximate, so a table without them has no column of it.
    fn has_percentiles(&self) -> bool {
        let mut functions = self.names.iter().map(|name| name.function);
        functions.any(|function| matches!(function, AggregateFunction::Percentile(_)))
    }

    fn csv(&self) -> Vec<u8> {
        let mut out = b"start,end,datastream".to_vec();
        for name in self.names {
            out.push(b',');
            out.extend_from_slice(name.name.as_bytes());
        }
        let percentiles = self.has_percentiles();
        if percentiles {
            out.extend_from_slice(b",approximate");
        }
        out.extend_from_slice(b",left_out\r\n");
        for bucket in self.buckets {
            out.extend_from_slice(local(bucket.start, self.zone).as_bytes());
            out.push(b',');
            out.extend_from_slice(local(bucket.end, self.zone).as_bytes());
            match bucket.datastream {
                Some(id) => cell::number(&mut out, id.get().into()),
                None => out.push(b','),
            }
            for (value, name) in bucket.values.iter().zip(self.names) {
                out.push(b',');
                if let Some(value) = value {
                    cell::json(&mut out, &Statistic(*value, name.function));
                }
            }
            if percentiles {
                out.push(b',');
                cell::json(&mut out, &bucket.approximate);
            }
            cell::number(&mut out, bucket.left_out);
            out.extend_from_slice(b"\r\n");
        }
        out
    }
}

impl Serialize for AggregateList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<BucketRow<'_>> = self
            .buckets
            .iter()
            .map(|bucket| BucketRow { bucket, list: self })
            .collect();
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("items", &rows)?;
        map.serialize_entry("next", &None::<&str>)?;
        map.serialize_entry("unit", &self.unit)?;
        map.end()
    }
}

/// Buckets in order of time.
#[derive(ToSchema)]
#[schema(as = AggregateList)]
#[expect(dead_code, reason = "it describes what `AggregateList` writes")]
pub(crate) struct AggregateListSchema {
    items: Vec<BucketSchema>,
    /// Always null: an answer is whole.
    next: Option<String>,
    /// UCUM code, where all datastreams have the same.
    unit: Option<String>,
}

/// One bucket. It has the functions that were asked for, percentiles by their
/// names, as `p95`; without a number that counts, only the count.
#[derive(ToSchema)]
#[schema(as = Bucket)]
#[expect(dead_code, reason = "it describes what `BucketRow` writes")]
struct BucketSchema {
    /// Inclusive; with the zone's offset at that time.
    #[schema(format = DateTime)]
    start: String,
    /// Exclusive.
    #[schema(format = DateTime)]
    end: String,
    /// Left out where datastreams are taken together.
    #[schema(required = false)]
    datastream: u32,
    #[schema(required = false)]
    avg: f64,
    #[schema(required = false)]
    min: f64,
    #[schema(required = false)]
    max: f64,
    #[schema(required = false)]
    sum: f64,
    #[schema(required = false)]
    count: u64,
    /// By phenomenon time.
    #[schema(required = false)]
    first: f64,
    /// By phenomenon time.
    #[schema(required = false)]
    last: f64,
    /// The percentiles come from sketches.
    #[schema(required = false)]
    approximate: bool,
    /// Numbers that do not count, for their quality.
    left_out: u64,
    #[serde(flatten)]
    percentiles: BTreeMap<String, f64>,
}

struct BucketRow<'a> {
    bucket: &'a Bucket,
    list: &'a AggregateList<'a>,
}

impl Serialize for BucketRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bucket = self.bucket;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("start", &local(bucket.start, self.list.zone))?;
        map.serialize_entry("end", &local(bucket.end, self.list.zone))?;
        if let Some(id) = bucket.datastream {
            map.serialize_entry("datastream", &id.get())?;
        }
        for (value, name) in bucket.values.iter().zip(self.list.names) {
            if let Some(value) = value {
                map.serialize_entry(&name.name, &Statistic(*value, name.function))?;
            }
        }
        if bucket.approximate {
            map.serialize_entry("approximate", &true)?;
        }
        map.serialize_entry("left_out", &bucket.left_out)?;
        map.end()
    }
}

/// A count is a whole number, and looks like one.
struct Statistic(f64, AggregateFunction);

impl Serialize for Statistic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.1 == AggregateFunction::Count {
            serializer.serialize_u64(self.0 as u64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// RFC 3339 with the zone's offset at that time; in UTC where that has seconds,
/// which RFC 3339 cannot write: local mean times of before 1912, mostly.
fn local(time: Timestamp, zone: &TimeZone) -> String {
    let instant = jiff::Timestamp::from_microsecond(time.as_micros());
    let local = instant
        .ok()
        .map(|instant| (instant, zone.to_offset(instant)));
    match local {
        Some((instant, offset)) if *zone != TimeZone::UTC && offset.seconds() % 60 == 0 => {
            instant.display_with_offset(offset).to_string()
        }
        _ => time.to_rfc3339(),
    }
}

#[cfg(test)]
mod tests;
