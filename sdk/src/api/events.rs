//! `/v1/devices/{id}/events` and `/v1/refused`: why does it not connect?
//! Operators only.

use domain::{DeviceId, Timestamp};
use serde::Deserialize;

use super::client::{ApiClient, Query};
use super::pages::Pages;
use super::wire::time;

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Event {
    /// Grows; ask for what comes after it.
    pub sequence: u64,
    #[serde(deserialize_with = "time")]
    pub time: Timestamp,
    #[serde(default)]
    pub device: Option<String>,
    /// What the sender called itself.
    #[serde(default)]
    pub login: String,
    pub address: String,
    pub listener: String,
    pub kind: String,
    pub reason: String,
    pub cure: String,
}

impl ApiClient {
    /// Newest last.
    pub fn device_events(&self, id: &DeviceId, after: Option<u64>) -> Pages<Event> {
        let mut query = Query::new(&format!("/v1/devices/{id}/events"));
        query.add("after", after);
        Pages::new(self, query.finish())
    }

    /// Unknown identities too; newest last.
    pub fn refused(&self, after: Option<u64>) -> Pages<Event> {
        let mut query = Query::new("/v1/refused");
        query.add("after", after);
        Pages::new(self, query.finish())
    }
}
