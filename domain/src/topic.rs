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
mod tests;
