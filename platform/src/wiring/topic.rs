//! The platform's topics but a device's own, which are a [`domain::DeviceTopic`],
//! and the payload of the open ones.

use std::fmt::Write;

use device_registry::Datastream;
use domain::{DeviceId, DeviceTopic, TopicClass, Value};
use ingest::StoredObservation;

/// `open/#` and whatever lies below it.
pub(crate) fn is_open(filter: &str) -> bool {
    filter.starts_with("open/")
}

/// `devices/{id}/enrol`, on which a device sends its own key: its id.
pub(crate) fn enrolling(topic: &str) -> Option<DeviceId> {
    let topic = DeviceTopic::parse(topic)?;
    if topic.child.is_some() || topic.class != TopicClass::Other(ENROL) {
        return None;
    }
    DeviceId::new(topic.device).ok()
}

/// Where the answer to it is told.
pub(crate) fn enrolled(device: &DeviceId) -> String {
    let class = TopicClass::Other(ENROLLED);
    let (device, child) = (device.as_str(), None);
    let topic = DeviceTopic {
        device,
        child,
        class,
    };
    topic.to_string()
}

/// Whether a filter is for such answers alone.
pub(crate) fn is_enrolled(filter: &str) -> bool {
    DeviceTopic::parse(filter).is_some_and(|topic| {
        topic.child.is_none()
            && topic.class == TopicClass::Other(ENROLLED)
            && (topic.device == "+" || DeviceId::new(topic.device).is_ok())
    })
}

const ENROL: &str = "enrol";
const ENROLLED: &str = "enrolled";

/// What a protected platform keeps for itself on an unprotected listener.
pub(crate) fn is_platforms_own(topic: &str) -> bool {
    ["devices", "open"]
        .iter()
        .any(|room| topic.split('/').next() == Some(room))
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
    fn wildcards_do_not_reach_into_the_open_topics_from_above() {
        assert!(is_open("open/#") && is_open("open/+/traffic/#"));
        for filter in ["#", "+/seoul/#", "open", "$share/g/open/#", "opening/#"] {
            assert!(!is_open(filter), "{filter}");
        }
    }

    #[test]
    fn only_a_devices_own_enrolment_is_one() {
        assert_eq!(enrolling("devices/a12-1/enrol").unwrap().as_str(), "a12-1");
        for topic in [
            "devices/a/enrolled",
            "devices//enrol",
            "devices/a/enrol/b",
            "devices/a/children/b/enrol",
            "a/enrol",
        ] {
            assert_eq!(enrolling(topic), None, "{topic}");
        }
        assert!(is_enrolled("devices/a/enrolled") && is_enrolled("devices/+/enrolled"));
        for filter in ["devices/#", "devices/+/+", "devices/a/telemetry", "open/#"] {
            assert!(!is_enrolled(filter), "{filter}");
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
