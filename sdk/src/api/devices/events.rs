//! `/v1/devices/{id}/events` and `/v1/refused`: why does it not connect?
//! Operators only.

use domain::{DeviceId, Offset, Timestamp};
use serde::Deserialize;

use crate::api::client::{ApiClient, Query};
use crate::api::data::observations::offset;
use crate::api::pages::Pages;
use crate::api::wire::time;

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
    /// How often it came within a minute or so; `time` is that of the newest.
    #[serde(default = "once")]
    pub count: u32,
}

const fn once() -> u32 {
    1
}

/// A message of which something was refused.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Quarantined {
    #[serde(deserialize_with = "offset")]
    pub offset: Offset,
    #[serde(deserialize_with = "time")]
    pub time: Timestamp,
    /// Why nothing of it could be read.
    #[serde(default)]
    pub unreadable: Option<Reason>,
    #[serde(default)]
    pub rejections: Vec<Rejection>,
}

/// Why, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Reason {
    pub code: String,
    pub message: String,
    #[serde(default)]
    pub cure: String,
}

/// One observation that was refused.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Rejection {
    /// Its place in the message.
    pub index: u16,
    pub field: String,
    #[serde(flatten)]
    pub reason: Reason,
}

impl ApiClient {
    /// Newest last.
    pub fn device_events(&self, id: &DeviceId, after: Option<u64>) -> Pages<Event> {
        let mut query = Query::new(&format!("/v1/devices/{id}/events"));
        query.add("after", after);
        Pages::new(self, query.finish())
    }

    /// What was refused of its telemetry after an offset, oldest first.
    pub fn quarantine(&self, id: &DeviceId, after: Option<Offset>) -> Pages<Quarantined> {
        let mut query = Query::new(&format!("/v1/devices/{id}/quarantine"));
        query.add("after", after.map(Offset::get));
        Pages::new(self, query.finish())
    }

    /// Unknown identities too; newest last.
    pub fn refused(&self, after: Option<u64>) -> Pages<Event> {
        let mut query = Query::new("/v1/refused");
        query.add("after", after);
        Pages::new(self, query.finish())
    }
}
