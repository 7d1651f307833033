//! A message on its way to subscribers, shared by all of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use smallvec::SmallVec;
use transport::{LogMessage, LogPosition};

use super::codec::{Properties, Property, PropertyList, Publish, Qos};

#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Bytes,
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    /// What MQTT 5 passes on unchanged.
    pub(crate) properties: PropertyList,
    /// When it is no longer worth delivering.
    pub(crate) expires: Option<Instant>,
    /// Where the log has it; none for a client's message that was only routed.
    pub(crate) position: Option<LogPosition>,
}

/// One message for one subscriber.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) message: Arc<Message>,
    /// Granted to the subscriber.
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    /// It reached the subscriber as one of a group.
    pub(crate) shared: bool,
    /// The identifiers of the subscriptions that it matched.
    pub(crate) subscription_ids: SmallVec<[u32; 2]>,
}

impl Message {
    /// A message of the platform's own.
    pub(crate) fn new(topic: impl Into<Arc<str>>, payload: Bytes) -> Self {
        Self {
            topic: topic.into(),
            payload,
            qos: Qos::AtLeastOnce,
            retain: false,
            properties: PropertyList::default(),
            expires: None,
            position: None,
        }
    }

    /// The same, as the log has it.
    pub(crate) fn of_log(message: LogMessage) -> Self {
        Self {
            position: Some(message.position),
            ..Self::new(message.topic, message.payload)
        }
    }

    /// A client's message. `topic` is the resolved one, where an alias stood.
    pub(crate) fn from_publish(topic: &str, publish: &Publish<'_>, now: Instant) -> Self {
        Self {
            topic: topic.into(),
            payload: Bytes::copy_from_slice(publish.payload),
            qos: publish.qos,
            retain: publish.retain,
            properties: forwarded(publish.properties),
            expires: expiry(publish.properties).and_then(|after| now.checked_add(after)),
            position: None,
        }
    }

    /// What it counts for in a queue: its topic, payload and properties.
    pub(crate) fn bytes(&self) -> usize {
        self.topic.len() + self.payload.len() + self.properties.len()
    }

    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }
}

impl Delivery {
    /// The subscriber acknowledges it.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.qos != Qos::AtMostOnce
    }

    /// Before the whole log for a message that is not of it.
    pub(crate) fn position(&self) -> LogPosition {
        self.message.position.unwrap_or_default()
    }
}

/// MQTT 5.0, 3.3.2.3: these go to subscribers unaltered; alias and
/// subscription identifiers belong to one connection, and what is left of the
/// expiry is told anew.
pub(crate) fn forwarded(properties: Properties<'_>) -> PropertyList {
    let mut list = PropertyList::default();
    for property in properties.iter() {
        match property {
            Property::PayloadFormat(_)
            | Property::ContentType(_)
            | Property::ResponseTopic(_)
            | Property::CorrelationData(_)
            | Property::User(..) => list.push(property),
            _ => {}
        }
    }
    list
}

/// How long a message is worth delivering.
pub(crate) fn expiry(properties: Properties<'_>) -> Option<Duration> {
    properties.iter().find_map(|property| match property {
        Property::MessageExpiry(seconds) => Some(Duration::from_secs(seconds.into())),
        _ => None,
    })
}
