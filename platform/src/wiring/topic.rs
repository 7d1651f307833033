//! The platform's topics, and the payload of the open ones.

use std::fmt::Write;

use device_registry::Datastream;
use domain::{DeviceId, Value};
use ingest::StoredObservation;

/// `devices/{id}/telemetry`: is `topic` that of `device`?
pub(crate) fn is_telemetry_of(topic: &str, device: &DeviceId) -> bool {
    own(topic, device) == Some("telemetry")
}

/// `devices/{id}/rejects`: is `filter` that of `device`, without a wildcard?
pub(crate) fn is_rejects_of(filter: &str, device: &DeviceId) -> bool {
    own(filter, device) == Some("rejects")
}

/// A topic below `devices/{gateway}/children/`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ChildTopic<'a> {
    /// Or `+`, in a filter.
    pub(crate) id: &'a str,
    /// `telemetry`, `rejects`, ...
    pub(crate) class: &'a str,
}

/// `devices/{gateway}/children/{id}/{class}`: which child and what, if `topic`
/// is one of `gateway`.
pub(crate) fn child_of<'a>(topic: &'a str, gateway: &DeviceId) -> Option<ChildTopic<'a>> {
    let (id, class) = own(topic, gateway)?
        .strip_prefix("children/")?
        .split_once('/')?;
    Some(ChildTopic { id, class })
}

/// What comes after `devices/{id}/`.
pub(crate) fn own<'a>(topic: &'a str, device: &DeviceId) -> Option<&'a str> {
    topic
        .strip_prefix("devices/")?
        .strip_prefix(device.as_str())?
        .strip_prefix('/')
}

/// `open/#` and whatever lies below it.
pub(crate) fn is_open(filter: &str) -> bool {
    filter.starts_with("open/")
}

/// What a protected platform keeps for itself on an unprotected listener.
pub(crate) fn is_platforms_own(topic: &str) -> bool {
    ["devices", "open"]
        .iter()
        .any(|room| topic.split('/').next() == Some(room))
}

pub(crate) fn rejects(device: &DeviceId) -> String {
    format!("devices/{device}/rejects")
}

/// The same for the gateway through which the message came.
pub(crate) fn rejects_of_child(gateway: &DeviceId, child: &DeviceId) -> String {
    format!("devices/{gateway}/children/{child}/rejects")
}

/// `open/{agency}/{domain}/{model}/{thing}/{field}`.
pub(crate) fn open(datastream: &Datastream) -> String {
    format!(
        "open/{}/{}/{}/{}/{}",
        datastream.agency,
        datastream.model.domain(),
        datastream.model.name(),
        datastream.thing,
        datastream.field
    )
}

/// `{"t", "v", "unit", "q", "offset"}`, after what `json` holds. `unit` is
/// [`unit_in_payload`]'s.
pub(crate) fn push_open_payload(observation: &StoredObservation, unit: &str, json: &mut String) {
    let _ = write!(json, "{{\"t\":\"{}\",\"v\":", observation.time);
    match &observation.value {
        // f64 prints the shortest digits that read back as the same number.
        Some(Value::Number(number)) if number.is_finite() => {
            let _ = write!(json, "{number}");
        }
        Some(Value::Boolean(boolean)) => {
            let _ = write!(json, "{boolean}");
        }
        Some(Value::Text(text)) => json.push_str(&quoted(text)),
        Some(Value::Number(_)) | None => json.push_str("null"),
    }
    json.push_str(",\"unit\":");
    json.push_str(unit);
    json.push_str(",\"q\":\"");
    json.push_str(observation.quality.as_str());
    let _ = write!(json, "\",\"offset\":{}}}", observation.offset);
}

/// A datastream's unit as JSON.
pub(crate) fn unit_in_payload(unit: Option<&str>) -> String {
    unit.map_or_else(|| "null".to_owned(), quoted)
}

fn quoted(text: &str) -> String {
    // Text has no reason to fail.
    serde_json::to_string(text).unwrap_or_else(|_| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{DatastreamId, Flags, Offset, Quality, Timestamp};

    #[test]
    fn a_device_owns_its_own_topics_only() {
        let device = DeviceId::new("dev-1").unwrap();
        assert!(is_telemetry_of("devices/dev-1/telemetry", &device));
        for topic in [
            "devices/dev-10/telemetry",
            "devices/dev-1/telemetry/x",
            "devices/dev-1//telemetry",
            "devices/dev-2/telemetry",
            "/devices/dev-1/telemetry",
            "devices/dev-1",
        ] {
            assert!(!is_telemetry_of(topic, &device), "{topic}");
        }
        assert!(!is_rejects_of("devices/+/rejects", &device));
    }

    #[test]
    fn a_gateways_child_is_named_by_its_own_topics_only() {
        let gateway = DeviceId::new("gw").unwrap();
        let child = |topic| child_of(topic, &gateway).map(|child| (child.id, child.class));
        assert_eq!(
            child("devices/gw/children/dev-1/telemetry"),
            Some(("dev-1", "telemetry"))
        );
        assert_eq!(
            child("devices/gw/children/+/rejects"),
            Some(("+", "rejects"))
        );
        // Whatever has more levels than that has no class of that name.
        assert_eq!(
            child("devices/gw/children/dev-1/telemetry/x"),
            Some(("dev-1", "telemetry/x"))
        );
        for topic in [
            "devices/gw/telemetry",
            "devices/gw/children/dev-1",
            "devices/gw-2/children/dev-1/telemetry",
            "devices/+/children/dev-1/telemetry",
        ] {
            assert_eq!(child(topic), None, "{topic}");
        }
    }

    #[test]
    fn wildcards_do_not_reach_into_the_open_topics_from_above() {
        assert!(is_open("open/#") && is_open("open/+/traffic/#"));
        for filter in ["#", "+/seoul/#", "open", "$share/g/open/#", "opening/#"] {
            assert!(!is_open(filter), "{filter}");
        }
    }

    #[test]
    fn an_open_payload_is_json() {
        let observation = StoredObservation {
            datastream: DatastreamId::new(1),
            time: Timestamp::parse("2026-05-01T09:00:00+09:00").unwrap(),
            received: Timestamp::from_micros(0),
            value: Some(Value::Number(12.1)),
            quality: Quality::Good,
            flags: Flags::NONE,
            revision: 0,
            offset: Offset::new(7),
            index: 0,
            location: None,
        };
        for (unit, written) in [(Some("ug/m3"), r#""ug/m3""#), (None, "null")] {
            let mut json = String::new();
            push_open_payload(&observation, &unit_in_payload(unit), &mut json);
            assert_eq!(
                json,
                format!(
                    r#"{{"t":"2026-05-01T00:00:00Z","v":12.1,"unit":{written},"q":"good","offset":7}}"#
                )
            );
        }
    }
}
