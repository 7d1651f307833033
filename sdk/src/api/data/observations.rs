//! `/v1/datastreams/{id}/observations`: what was measured, oldest first.

use domain::{DatastreamId, Offset, Quality, Timestamp, Value};
use serde::{Deserialize, Deserializer};

use crate::api::client::{ApiClient, Query};
use crate::api::pages::Pages;
use crate::api::wire::{quality, time, value};

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Observation {
    #[serde(deserialize_with = "time")]
    pub phenomenon_time: Timestamp,
    #[serde(deserialize_with = "time")]
    pub result_time: Timestamp,
    /// None: missing.
    #[serde(deserialize_with = "value")]
    pub value: Option<Value>,
    #[serde(deserialize_with = "quality")]
    pub quality: Quality,
    pub revision: u16,
    #[serde(deserialize_with = "offset")]
    pub offset: Offset,
}

/// Which observations a list has; what is not set does not narrow it.
#[derive(Clone, Default, Debug)]
pub struct ObservationQuery {
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
    /// As it was known then.
    pub as_of: Option<Timestamp>,
    /// Items a page, 1 to 10,000.
    pub limit: Option<u32>,
    /// Inclusive; for what a stream's gap left out.
    pub from_offset: Option<Offset>,
    /// Exclusive.
    pub to_offset: Option<Offset>,
}

impl ApiClient {
    pub fn observations(
        &self,
        datastream: DatastreamId,
        query: &ObservationQuery,
    ) -> Pages<Observation> {
        let mut path = Query::new(&format!("/v1/datastreams/{datastream}/observations"));
        path.add("from", query.from)
            .add("to", query.to)
            .add("as_of", query.as_of)
            .add("limit", query.limit)
            .add("from_offset", query.from_offset)
            .add("to_offset", query.to_offset);
        Pages::new(self, path.finish())
    }
}

pub(in crate::api) fn offset<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Offset, D::Error> {
    u64::deserialize(deserializer).map(Offset::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_keeps_every_bit_of_its_value() {
        for (text, expected) in [
            ("0.30000000000000004", Some(Value::Number(0.1 + 0.2))),
            ("5e-324", Some(Value::Number(f64::from_bits(1)))),
            ("179.76931348623157e306", Some(Value::Number(f64::MAX))),
            ("12", Some(Value::Number(12.0))),
            ("true", Some(Value::Boolean(true))),
            (r#""a\"b""#, Some(Value::Text("a\"b".into()))),
            ("null", None),
        ] {
            let json = format!(
                r#"{{"phenomenon_time":"2026-05-01T00:00:00.5Z","result_time":"2026-05-01T00:00:01Z",
                    "value":{text},"quality":"good","revision":1,"offset":9,"flags":["extra"]}}"#
            );
            let read: Observation = serde_json::from_str(&json).unwrap();
            assert_eq!(read.value, expected, "{text}");
            assert_eq!(read.offset, Offset::new(9));
        }
    }
}
