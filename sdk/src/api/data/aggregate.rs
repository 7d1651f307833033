//! `/v1/aggregate`: observations by bucket of time.

use std::collections::BTreeMap;

use domain::{DatastreamId, Timestamp};
use serde::Deserialize;

use super::latest::LatestFilter;
use crate::api::client::{ApiClient, Query};
use crate::api::error::ApiError;
use crate::api::wire::time;

#[derive(Clone, Default, Debug)]
pub struct AggregateQuery {
    /// Each by itself. Empty: those of the filter, together.
    pub datastreams: Vec<DatastreamId>,
    pub filter: LatestFilter,
    /// As `5m`, `1h`, `1d`.
    pub bucket: String,
    /// Of `avg`, `min`, `max`, `sum`, `count`, `first`, `last`, `p95`.
    pub functions: Vec<String>,
    /// Of `good`, `uncertain`, `bad`; empty: `good`.
    pub qualities: Vec<String>,
    /// An IANA zone, as `Asia/Seoul`; UTC where not set.
    pub time_zone: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Buckets {
    pub items: Vec<Aggregate>,
    #[serde(default)]
    pub unit: Option<String>,
}

/// One bucket.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Aggregate {
    #[serde(deserialize_with = "time")]
    pub start: Timestamp,
    #[serde(deserialize_with = "time")]
    pub end: Timestamp,
    #[serde(default)]
    pub datastream: Option<u32>,
    /// The percentiles come from sketches: off by about 1 percent at most.
    #[serde(default)]
    pub approximate: bool,
    /// Numbers that do not count, for their quality.
    #[serde(default)]
    pub left_out: u64,
    /// By the function's name.
    #[serde(flatten)]
    pub values: BTreeMap<String, Option<f64>>,
}

impl ApiClient {
    pub fn aggregate(&self, aggregate: &AggregateQuery) -> Result<Buckets, ApiError> {
        let ids: Vec<String> = aggregate
            .datastreams
            .iter()
            .map(DatastreamId::to_string)
            .collect();
        let mut query = Query::new("/v1/aggregate");
        query.add("datastream", (!ids.is_empty()).then(|| ids.join(",")));
        aggregate.filter.add_to(&mut query);
        query
            .add("bucket", Some(&aggregate.bucket))
            .add("fn", Some(aggregate.functions.join(",")))
            .add("quality", {
                let names = &aggregate.qualities;
                (!names.is_empty()).then(|| names.join(","))
            })
            .add("tz", aggregate.time_zone.as_deref())
            .add("from", aggregate.from)
            .add("to", aggregate.to);
        self.get(&query.finish())
    }
}
