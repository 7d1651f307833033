//! The topics of a device, as MQTT names them; CoAP's paths have the same levels.

use std::fmt;

use crate::DeviceId;

const DEVICES: &str = "devices";
const CHILDREN: &str = "children";

/// `devices/{device}/{class}`, or, where a gateway speaks for a child of its
/// own, `devices/{device}/children/{child}/{class}`.
///
/// As somebody wrote it: `device` and `child` may be nobody's id, and wildcards
/// in a filter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeviceTopic<'a> {
    pub device: &'a str,
    pub child: Option<&'a str>,
    pub class: TopicClass<'a>,
}

/// What a device's topic is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TopicClass<'a> {
    /// The device publishes its observations.
    Telemetry,
    /// The device reads what was refused of them.
    Rejects,
    /// Anything else, of one level or more.
    Other(&'a str),
}

impl<'a> TopicClass<'a> {
    #[inline]
    fn parse(text: &'a str) -> Self {
        match text {
            "telemetry" => Self::Telemetry,
            "rejects" => Self::Rejects,
            other => Self::Other(other),
        }
    }

    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Telemetry => "telemetry",
            Self::Rejects => "rejects",
            Self::Other(text) => text,
        }
    }
}

impl<'a> DeviceTopic<'a> {
    /// Where a device publishes its observations.
    pub fn telemetry(device: &'a DeviceId) -> Self {
        Self::of(device, TopicClass::Telemetry)
    }

    /// Where a device reads what was refused of them.
    pub fn rejects(device: &'a DeviceId) -> Self {
        Self::of(device, TopicClass::Rejects)
    }

    fn of(device: &'a DeviceId, class: TopicClass<'a>) -> Self {
        Self {
            device: device.as_str(),
            child: None,
            class,
        }
    }

    /// The gateway's topic of the same class for one of its children.
    #[must_use]
    pub fn for_child(self, child: &'a DeviceId) -> Self {
        Self {
            child: Some(child.as_str()),
            ..self
        }
    }

    /// Reads a topic or a filter; `None` where it is no device's.
    #[inline]
    pub fn parse(topic: &'a str) -> Option<Self> {
        let (device, rest) = topic
            .strip_prefix(DEVICES)?
            .strip_prefix('/')?
            .split_once('/')?;
        let of_child = rest
            .strip_prefix(CHILDREN)
            .and_then(|rest| rest.strip_prefix('/'))
            .and_then(|rest| rest.split_once('/'));
        let (child, class) = match of_child {
            Some((child, class)) => (Some(child), class),
            None => (None, rest),
        };
        Some(Self {
            device,
            child,
            class: TopicClass::parse(class),
        })
    }

    /// Reads the levels of a path, one by one.
    pub fn from_levels(levels: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let mut levels = levels.into_iter();
        let mut next = || std::str::from_utf8(levels.next()?).ok();
        if next()? != DEVICES {
            return None;
        }
        let (device, class) = (next()?, next()?);
        let (child, class) = match class {
            CHILDREN => (Some(next()?), next()?),
            class => (None, class),
        };
        let topic = Self {
            device,
            child,
            class: TopicClass::parse(class),
        };
        levels.next().is_none().then_some(topic)
    }

    /// The device that a topic below `devices/` names, whatever comes after it.
    pub fn named_device(topic: &'a str) -> Option<&'a str> {
        topic
            .strip_prefix(DEVICES)?
            .strip_prefix('/')?
            .split('/')
            .next()
    }

    /// Whose topic it is: `device`'s own?
    #[inline]
    pub fn is_of(&self, device: &DeviceId) -> bool {
        self.device == device.as_str()
    }

    /// Its levels in order; a class of an unknown name is one of them.
    pub fn levels(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let child = self.child.map(|child| [CHILDREN, child]);
        [DEVICES, self.device]
            .into_iter()
            .chain(child.into_iter().flatten())
            .chain([self.class.as_str()])
    }
}

impl fmt::Display for DeviceTopic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, level) in self.levels().enumerate() {
            if place > 0 {
                f.write_str("/")?;
            }
            f.write_str(level)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
        let read =
            |path: &'static str| DeviceTopic::from_levels(path.split('/').map(str::as_bytes));
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
}
