//! SUBSCRIBE and the subscriptions of a session.

use smallvec::SmallVec;

use super::Session;
use crate::access::{Protocol, SubscribeRight};
use crate::mqtt::codec::{
    Properties, Property, Qos, ReasonCode, SubAck, Subscribe, SubscribeOptions,
};
use crate::mqtt::topic::{TopicFilter, TopicFilterError};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscription {
    pub filter: TopicFilter,
    /// The QoS is the granted one.
    pub options: SubscribeOptions,
    pub id: Option<u32>,
}

/// A subscription that now stands, for the router and the retained view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Granted {
    pub subscription: Subscription,
    /// It did not stand before.
    pub is_new: bool,
}

impl Session {
    /// Decides on each filter and writes the SUBACK.
    pub fn subscribe(
        &mut self,
        packet: &Subscribe<'_>,
        mut right: impl FnMut(&str) -> SubscribeRight,
        out: &mut Vec<u8>,
    ) -> SmallVec<[Granted; 1]> {
        let id = packet
            .properties
            .iter()
            .find_map(|property| match property {
                Property::SubscriptionId(id) => Some(id),
                _ => None,
            });
        let mut granted = SmallVec::new();
        let mut codes = SmallVec::<[u8; 8]>::new();
        for (text, options) in packet.filters() {
            let code = match self.grant(text, options, id, &mut right) {
                Ok(grant) => {
                    let qos = grant.subscription.options.qos as u8;
                    granted.push(grant);
                    qos
                }
                Err(_) if self.protocol == Protocol::V311 => ReasonCode::UNSPECIFIED_ERROR.0,
                Err(reason) => reason.0,
            };
            codes.push(code);
        }
        SubAck {
            packet_id: packet.packet_id,
            properties: Properties::NONE,
            codes: &codes,
        }
        .encode(self.protocol, out);
        granted
    }

    fn grant(
        &mut self,
        text: &str,
        options: SubscribeOptions,
        id: Option<u32>,
        right: &mut impl FnMut(&str) -> SubscribeRight,
    ) -> Result<Granted, ReasonCode> {
        let filter =
            TopicFilter::within(text, self.topic_limits()).map_err(|error| match error {
                TopicFilterError::Shared => ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED,
                _ => ReasonCode::TOPIC_FILTER_INVALID,
            })?;
        if right(text) == SubscribeRight::Denied {
            return Err(ReasonCode::NOT_AUTHORIZED);
        }
        let subscription = Subscription {
            filter,
            options: SubscribeOptions {
                qos: options.qos.min(Qos::AtLeastOnce),
                ..options
            },
            id,
        };
        let stands = self
            .subscriptions
            .iter()
            .position(|standing| standing.filter == subscription.filter);
        match stands {
            Some(index) => self.subscriptions[index] = subscription.clone(),
            None if self.subscriptions.len() >= self.config.subscriptions_per_session => {
                return Err(ReasonCode::QUOTA_EXCEEDED);
            }
            None => self.subscriptions.push(subscription.clone()),
        }
        let is_new = stands.is_none();
        Ok(Granted {
            subscription,
            is_new,
        })
    }
}
