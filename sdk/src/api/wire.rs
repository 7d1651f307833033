//! Pieces that several answers share.

use std::fmt;

use domain::{Location, Quality, Timestamp, Value};
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// `{"lat": 37.5665, "lon": 126.9775}`, WGS 84 degrees.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Position {
    pub lat: f64,
    pub lon: f64,
}

impl From<Location> for Position {
    fn from(location: Location) -> Self {
        Self {
            lat: location.lat(),
            lon: location.lon(),
        }
    }
}

/// A name in English and Korean.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Bilingual {
    pub en: String,
    pub ko: String,
}

/// RFC 3339 in, microseconds out.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
        type Value = Timestamp;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a time as RFC 3339")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
            Timestamp::parse(text).map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Text)
}

pub(super) fn optional_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    struct Wrapped(#[serde(deserialize_with = "time")] Timestamp);
    Ok(Option::<Wrapped>::deserialize(deserializer)?.map(|wrapped| wrapped.0))
}

pub(super) fn write_optional_time<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}

/// A number becomes the f64 nearest to its digits, which serde_json's own
/// parser misses by one unit in the last place for some of 17 digits.
pub(super) fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    match raw.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b't') => Ok(Some(Value::Boolean(true))),
        Some(b'f') => Ok(Some(Value::Boolean(false))),
        Some(b'"') => {
            let text: String = serde_json::from_str(raw).map_err(D::Error::custom)?;
            Ok(Some(Value::Text(text.into())))
        }
        _ => {
            let number = raw.parse().map_err(D::Error::custom)?;
            Ok(Some(Value::Number(number)))
        }
    }
}

pub(super) fn quality<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Quality, D::Error> {
    let word = String::deserialize(deserializer)?;
    Quality::parse(&word).ok_or_else(|| D::Error::custom(format_args!("{word:?} is no quality")))
}
