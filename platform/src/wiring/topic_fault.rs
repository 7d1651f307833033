//! Why a message may not be published on its topic: what was seen, and the cure
//! that leads in. For the operator; the sender learns no more than that it was
//! refused.

use device_registry::{NotItsChild, Snapshot};
use domain::{DeviceId, DeviceTopic, Timestamp, TopicClass};
use transport::{Denial, Leaves, Refusal, RefusalKind, RejectCause};

/// Why a topic is not one to publish on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicFault {
    #[error("{0} is none of the topics that a device publishes on")]
    NoSuchClass(Box<str>),
    #[error("{0} is for reading: the platform publishes on it")]
    Platforms(Box<str>),
    #[error("{0} has the device's alias")]
    Alias(Box<str>),
    #[error("{0} is the topic of one of its children")]
    ChildsOwn(Box<str>),
    #[error("{0} is another device's topic")]
    Another(Box<str>),
    #[error("{0} does not begin with devices/")]
    Elsewhere(Box<str>),
    #[error("it may not speak for {child}: {fault}")]
    Child {
        child: Box<str>,
        #[source]
        fault: NotItsChild,
    },
    #[error("an API key reads, and publishes nothing")]
    Reader,
    #[error("a batch's credential enrols, and {0} is not devices/{{id}}/enrol")]
    Enrolment(Box<str>),
    #[error("{0} is the protected platform's own")]
    Protected(Box<str>),
}

/// What the platform publishes for a device.
const TO_DEVICES: [&str; 3] = ["rejects", "desired", "commands"];

impl TopicFault {
    pub fn of_child(child: &str, fault: NotItsChild) -> Self {
        let child = child.into();
        Self::Child { child, fault }
    }

    /// What is wrong with a topic that `device` publishes on; nothing with that
    /// of its telemetry, or of a child that it may speak for.
    pub(crate) fn of_device(
        name: &str,
        device: &DeviceId,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Option<Self> {
        match DeviceTopic::parse(name).filter(|topic| topic.is_of(device)) {
            Some(topic) => match topic.child {
                Some(child) => match snapshot.admitted_child(device, child, now) {
                    Err(fault) => Some(Self::of_child(child, fault)),
                    Ok(_) => Self::of_class(name, topic.class),
                },
                None => Self::of_class(name, topic.class),
            },
            None => Some(Self::of_another(name, device, snapshot)),
        }
    }

    fn of_class(name: &str, class: TopicClass<'_>) -> Option<Self> {
        let first = class.as_str().split('/').next().unwrap_or_default();
        match class {
            TopicClass::Telemetry => None,
            _ if TO_DEVICES.contains(&first) => Some(Self::Platforms(name.into())),
            _ => Some(Self::NoSuchClass(name.into())),
        }
    }

    fn of_another(name: &str, device: &DeviceId, snapshot: &Snapshot) -> Self {
        let topic = name.into();
        let Some(named) = DeviceTopic::named_device(name) else {
            return Self::Elsewhere(topic);
        };
        match snapshot.device_by_login(named) {
            Some(known) if known.id == *device => Self::Alias(topic),
            Some(known) if known.gateway.as_ref() == Some(device) => Self::ChildsOwn(topic),
            _ => Self::Another(topic),
        }
    }

    /// What the operator can do about it.
    pub const fn cure(&self) -> &'static str {
        match self {
            Self::NoSuchClass(_) => {
                "publish on devices/{id}/telemetry, spelled so; a gateway for a child on devices/{id}/children/{child}/telemetry"
            }
            Self::Platforms(_) => "subscribe to it; publish on devices/{id}/telemetry",
            Self::Alias(_) => "write the device's id into the topic: devices/{id}/telemetry",
            Self::ChildsOwn(_) => {
                "a gateway publishes for its child on devices/{gateway}/children/{child}/telemetry"
            }
            Self::Another(_) => {
                "write the id that the device logs in with into the topic, or log in as the device that the topic names"
            }
            Self::Elsewhere(_) => {
                "publish on devices/{id}/telemetry: nothing else is open to a device"
            }
            Self::Child { fault, .. } => fault.cure(),
            Self::Reader => {
                "publish as a device: register one, and log in with its key or password"
            }
            Self::Enrolment(_) => {
                "publish the device's own key on devices/{id}/enrol, and log in with that key then"
            }
            Self::Protected(_) => "publish on a topic outside devices/ and open/",
        }
    }

    /// Topics below `devices/{id}` are the device's own matter.
    const fn leaves(&self) -> Leaves {
        match self {
            Self::NoSuchClass(_) | Self::Platforms(_) => Leaves::Reject(RejectCause::Topic),
            Self::Child { fault, .. } => Leaves::Reject(match fault {
                NotItsChild::Unknown | NotItsChild::Stranger => RejectCause::Topic,
                NotItsChild::Revoked | NotItsChild::Expired(_) => RejectCause::NotAdmitted,
            }),
            Self::Alias(_)
            | Self::ChildsOwn(_)
            | Self::Another(_)
            | Self::Elsewhere(_)
            | Self::Reader
            | Self::Enrolment(_)
            | Self::Protected(_) => Leaves::Nothing,
        }
    }
}

impl From<TopicFault> for Denial {
    fn from(fault: TopicFault) -> Self {
        let leaves = fault.leaves();
        let refusal = Refusal::new(RefusalKind::NotAuthorized, fault.to_string());
        Self {
            refusal: refusal.with_cure(fault.cure()),
            leaves,
        }
    }
}
