//! `/v1/latest`: the newest observation of each datastream.

use domain::{DatastreamId, Offset, Quality, Timestamp, Value};
use serde::Deserialize;

use super::datastreams::datastream_id;
use super::observations::offset;
use crate::api::client::{ApiClient, Query};
use crate::api::pages::Pages;
use crate::api::wire::{Position, quality, time, value};

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Latest {
    /// The datastream's.
    #[serde(deserialize_with = "datastream_id")]
    pub id: DatastreamId,
    pub thing: String,
    #[serde(default)]
    pub device: Option<String>,
    pub field: String,
    pub unit: Option<String>,
    #[serde(default)]
    pub location: Option<Position>,
    #[serde(deserialize_with = "time")]
    pub phenomenon_time: Timestamp,
    #[serde(deserialize_with = "time")]
    pub result_time: Timestamp,
    #[serde(deserialize_with = "value")]
    pub value: Option<Value>,
    #[serde(deserialize_with = "quality")]
    pub quality: Quality,
    pub revision: u16,
    #[serde(deserialize_with = "offset")]
    pub offset: Offset,
}

/// Which datastreams are looked at; what is not set does not narrow it.
#[derive(Clone, Default, Debug)]
pub struct LatestFilter {
    pub domain: Option<String>,
    pub model: Option<String>,
    pub agency: Option<String>,
    pub field: Option<String>,
    pub device: Option<String>,
    /// West, south, east, north, in degrees.
    pub bbox: Option<[f64; 4]>,
    /// Latitude and longitude in degrees, and a radius in metres.
    pub near: Option<[f64; 3]>,
    /// Items a page, 1 to 10,000.
    pub limit: Option<u32>,
}

impl LatestFilter {
    pub(super) fn add_to(&self, query: &mut Query) {
        query
            .add("domain", self.domain.as_deref())
            .add("model", self.model.as_deref())
            .add("agency", self.agency.as_deref())
            .add("field", self.field.as_deref())
            .add("device", self.device.as_deref())
            .add("bbox", self.bbox.map(|numbers| list(&numbers)))
            .add("near", self.near.map(|numbers| list(&numbers)));
    }
}

impl ApiClient {
    pub fn latest(&self, filter: &LatestFilter) -> Pages<Latest> {
        let mut query = Query::new("/v1/latest");
        filter.add_to(&mut query);
        query.add("limit", filter.limit);
        Pages::new(self, query.finish())
    }
}

pub(super) fn list(numbers: &[f64]) -> String {
    let texts: Vec<String> = numbers.iter().map(f64::to_string).collect();
    texts.join(",")
}
