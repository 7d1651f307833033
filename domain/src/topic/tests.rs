//! Topics and paths there and back.

use super::*;

fn parts(topic: &str) -> Option<(&str, Option<&str>, &str)> {
    let topic = DeviceTopic::parse(topic)?;
    Some((topic.device, topic.child, topic.class.as_str()))
}

#[test]
fn each_topic_reads_as_it_is_written() {
    for (topic, read) in [
        ("devices/dev-1/telemetry", ("dev-1", None, "telemetry")),
        ("devices/+/rejects", ("+", None, "rejects")),
        ("devices/dev-1/telemetry/x", ("dev-1", None, "telemetry/x")),
        ("devices/dev-1//telemetry", ("dev-1", None, "/telemetry")),
        ("devices/gw/children/dev-1", ("gw", None, "children/dev-1")),
        (
            "devices/gw/children/dev-1/telemetry",
            ("gw", Some("dev-1"), "telemetry"),
        ),
        // Whatever has more levels than that has no class of that name.
        (
            "devices/gw/children/+/rejects/x",
            ("gw", Some("+"), "rejects/x"),
        ),
    ] {
        assert_eq!(parts(topic), Some(read));
        assert_eq!(DeviceTopic::parse(topic).unwrap().to_string(), topic);
    }
    for topic in ["/devices/dev-1/telemetry", "devices/dev-1", "devicesx/a/b"] {
        assert_eq!(parts(topic), None, "{topic}");
    }
}

#[test]
fn what_is_made_is_what_is_read() {
    let [gateway, child] = ["gw", "dev-1"].map(|id| DeviceId::new(id).unwrap());
    let own = DeviceTopic::telemetry(&gateway);
    let of_child = DeviceTopic::rejects(&gateway).for_child(&child);
    for (topic, text) in [
        (own, "devices/gw/telemetry"),
        (of_child, "devices/gw/children/dev-1/rejects"),
    ] {
        assert_eq!(topic.to_string(), text);
        assert_eq!(DeviceTopic::parse(text), Some(topic));
        let levels = topic.levels().map(str::as_bytes);
        assert_eq!(DeviceTopic::from_levels(levels), Some(topic));
        assert!(topic.is_of(&gateway) && !topic.is_of(&child));
    }
}

#[test]
fn a_path_has_no_level_more_or_less() {
    let read = |path: &'static str| DeviceTopic::from_levels(path.split('/').map(str::as_bytes));
    assert!(read("devices/dev-1/telemetry").is_some());
    for path in [
        "devices/dev-1",
        "devices/dev-1/telemetry/",
        "devices/gw/children/dev-1",
        "things/dev-1/telemetry",
    ] {
        assert_eq!(read(path), None, "{path}");
    }
    let odd: [&[u8]; 3] = [b"devices", b"\xff", b"telemetry"];
    assert_eq!(DeviceTopic::from_levels(odd), None);
}

#[test]
fn a_topic_below_devices_names_one() {
    assert_eq!(DeviceTopic::named_device("devices/dev-1"), Some("dev-1"));
    assert_eq!(DeviceTopic::named_device("devices/a/b/c"), Some("a"));
    assert_eq!(DeviceTopic::named_device("open/a"), None);
}
