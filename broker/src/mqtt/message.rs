//! A message on its way to subscribers, shared by all of them.

use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;

use super::codec::{Properties, Property, PropertyList, Publish, Qos};

#[derive(Debug)]
pub struct Message {
    pub topic: Box<str>,
    pub payload: Bytes,
    pub qos: Qos,
    pub retain: bool,
    /// What MQTT 5 passes on unchanged.
    pub properties: PropertyList,
}

/// One message for one subscriber.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub message: Arc<Message>,
    /// Granted to the subscriber.
    pub qos: Qos,
    pub retain: bool,
    /// The identifiers of the subscriptions that it matched.
    pub subscription_ids: SmallVec<[u32; 2]>,
}

impl Message {
    /// A message of the platform's own.
    pub fn new(topic: &str, payload: Bytes) -> Self {
        Self {
            topic: topic.into(),
            payload,
            qos: Qos::AtLeastOnce,
            retain: false,
            properties: PropertyList::default(),
        }
    }

    /// A client's message. `topic` is the resolved one, where an alias stood.
    pub fn from_publish(topic: &str, publish: &Publish<'_>) -> Self {
        Self {
            topic: topic.into(),
            payload: Bytes::copy_from_slice(publish.payload),
            qos: publish.qos,
            retain: publish.retain,
            properties: forwarded(publish.properties),
        }
    }

    /// What it counts for in a queue: its topic and payload.
    pub fn bytes(&self) -> usize {
        self.topic.len() + self.payload.len()
    }
}

/// MQTT 5.0, 3.3.2.3: these go to subscribers unaltered; alias and
/// subscription identifiers belong to one connection.
pub fn forwarded(properties: Properties<'_>) -> PropertyList {
    let mut list = PropertyList::default();
    for property in properties.iter() {
        match property {
            Property::PayloadFormat(_)
            | Property::MessageExpiry(_)
            | Property::ContentType(_)
            | Property::ResponseTopic(_)
            | Property::CorrelationData(_)
            | Property::User(..) => list.push(property),
            _ => {}
        }
    }
    list
}
