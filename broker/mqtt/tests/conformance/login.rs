//! What a client says in its CONNECT.

use mqtt::codec::{Connect, Properties, Property, PropertyList, Publish};
use transport::Protocol;

/// Seconds that a kept session outlives its connection: longer than any test.
pub(crate) const KEPT: u32 = 1_000;

#[derive(Clone)]
pub(crate) struct Login<'a> {
    pub(crate) id: &'a str,
    pub(crate) clean_start: bool,
    pub(crate) keep_alive: u16,
    /// MQTT 5 only.
    pub(crate) properties: PropertyList,
    pub(crate) will: Option<LastWill<'a>>,
}

#[derive(Clone)]
pub(crate) struct LastWill<'a> {
    pub(crate) message: Publish<'a>,
    /// MQTT 5 only.
    pub(crate) properties: PropertyList,
}

impl<'a> Login<'a> {
    /// A session that starts anew and ends with its connection.
    pub(crate) fn clean(id: &'a str) -> Self {
        Self {
            id,
            clean_start: true,
            keep_alive: 0,
            properties: PropertyList::default(),
            will: None,
        }
    }

    /// A session that goes on where it ended, and is kept: Clean Session 0 in
    /// 3.1.1, a session expiry in 5.
    pub(crate) fn kept(id: &'a str) -> Self {
        Self::clean(id)
            .resuming()
            .with(Property::SessionExpiry(KEPT))
    }

    #[must_use]
    pub(crate) fn resuming(self) -> Self {
        Self {
            clean_start: false,
            ..self
        }
    }

    #[must_use]
    pub(crate) fn keep_alive(self, keep_alive: u16) -> Self {
        Self { keep_alive, ..self }
    }

    #[must_use]
    pub(crate) fn with(mut self, property: Property<'_>) -> Self {
        self.properties.push(property);
        self
    }

    #[must_use]
    pub(crate) fn will(self, message: Publish<'a>, properties: PropertyList) -> Self {
        let will = Some(LastWill {
            message,
            properties,
        });
        Self { will, ..self }
    }

    pub(crate) fn packet(&self, protocol: Protocol) -> Connect<'_> {
        Connect {
            protocol,
            clean_start: self.clean_start,
            keep_alive: self.keep_alive,
            properties: match protocol {
                Protocol::V5 => self.properties.as_properties(),
                Protocol::V311 => Properties::NONE,
            },
            client_id: self.id,
            will: self.will.as_ref().map(|will| mqtt::codec::Will {
                properties: will.properties.as_properties(),
                topic: will.message.topic,
                payload: will.message.payload,
                qos: will.message.qos,
                retain: will.message.retain,
            }),
            user_name: None,
            password: None,
        }
    }
}
