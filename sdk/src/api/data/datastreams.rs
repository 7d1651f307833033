//! `/v1/datastreams`: thing x sensor x field, each with one unit.

use domain::DatastreamId;
use serde::{Deserialize, Deserializer};

use crate::api::client::{ApiClient, Query};
use crate::api::error::ApiError;
use crate::api::pages::Pages;
use crate::api::wire::Position;

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Datastream {
    #[serde(deserialize_with = "datastream_id")]
    pub id: DatastreamId,
    pub device: String,
    pub thing: String,
    pub agency: String,
    pub domain: String,
    /// As `traffic.flow`.
    pub model: String,
    pub field: String,
    pub unit: Option<String>,
    pub owner: String,
    pub licence: String,
    #[serde(default)]
    pub attribution: Option<String>,
    #[serde(default)]
    pub visibility: Option<String>,
    #[serde(default)]
    pub location: Option<Position>,
}

/// Which datastreams a list has; what is not set does not narrow it.
#[derive(Clone, Default, Debug)]
pub struct DatastreamFilter {
    pub device: Option<String>,
    pub thing: Option<String>,
    pub agency: Option<String>,
    pub domain: Option<String>,
    pub model: Option<String>,
    pub field: Option<String>,
    /// Items a page, 1 to 10,000.
    pub limit: Option<u32>,
}

impl ApiClient {
    pub fn datastreams(&self, filter: &DatastreamFilter) -> Pages<Datastream> {
        let mut query = Query::new("/v1/datastreams");
        query
            .add("device", filter.device.as_deref())
            .add("thing", filter.thing.as_deref())
            .add("agency", filter.agency.as_deref())
            .add("domain", filter.domain.as_deref())
            .add("model", filter.model.as_deref())
            .add("field", filter.field.as_deref())
            .add("limit", filter.limit);
        Pages::new(self, query.finish())
    }

    pub fn datastream(&self, id: DatastreamId) -> Result<Datastream, ApiError> {
        self.get(&format!("/v1/datastreams/{id}"))
    }
}

pub(super) fn datastream_id<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<DatastreamId, D::Error> {
    u32::deserialize(deserializer).map(DatastreamId::new)
}
