//! SUBSCRIBE and the subscriptions of a session.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use smallvec::SmallVec;
use transport::{
    LogPosition, Protocol, StoredSubscription, SubscribeRight, TopicFilter, TopicFilterError,
    TopicLimits,
};

use super::Session;
use crate::codec::{Properties, Property, Qos, ReasonCode, SubAck, Subscribe, SubscribeOptions};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Subscription {
    pub(crate) filter: TopicFilter,
    /// The group that it is shared in.
    pub(crate) group: Option<Box<str>>,
    /// The QoS is the granted one.
    pub(crate) options: SubscribeOptions,
    pub(crate) id: Option<u32>,
    /// Messages of the log before it are not for this subscription.
    pub(crate) since: LogPosition,
}

impl Subscription {
    fn has(&self, filter: &TopicFilter, group: Option<&str>) -> bool {
        self.filter == *filter && self.group.as_deref() == group
    }

    /// Whether the client named it so.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        let Some(group) = &self.group else {
            return self.filter.as_str() == name;
        };
        let rest = name.strip_prefix("$share/");
        rest.and_then(|rest| rest.strip_prefix(&**group)?.strip_prefix('/'))
            .is_some_and(|filter| filter == self.filter.as_str())
    }

    /// As the client named it.
    pub(crate) fn name(&self) -> Box<str> {
        match &self.group {
            None => self.filter.as_str().into(),
            Some(group) => format!("$share/{group}/{}", self.filter.as_str()).into(),
        }
    }

    pub(crate) fn stored(&self) -> StoredSubscription {
        StoredSubscription {
            filter: self.name(),
            options: self.options.bits(),
            id: self.id,
            since: self.since,
        }
    }

    /// None for what no version of this program has stored.
    pub(crate) fn from_stored(stored: &StoredSubscription, limits: TopicLimits) -> Option<Self> {
        let (filter, group) = TopicFilter::within(&stored.filter, limits).ok()?;
        Some(Self {
            filter,
            group: group.map(Into::into),
            options: SubscribeOptions::from_bits(stored.options, Protocol::V5).ok()?,
            id: stored.id,
            since: stored.since,
        })
    }
}

/// A subscription that now stands, for the router and the retained view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Granted {
    pub(crate) subscription: Subscription,
    /// It did not stand before.
    pub(crate) is_new: bool,
}

/// What became of a SUBSCRIBE.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Subscribed {
    /// Each once, as the packet left it.
    pub(crate) granted: SmallVec<[Granted; 1]>,
    /// Different filters that were looked at.
    pub(crate) looked_at: usize,
}

impl Session {
    /// Decides on each filter and writes the SUBACK. `since`: where the log
    /// ends now. `right` is asked once for each different filter of the packet,
    /// and `room` for each that does not stand; past
    /// `Config::filters_per_packet` different ones neither is.
    pub(crate) fn subscribe(
        &mut self,
        packet: &Subscribe<'_>,
        since: LogPosition,
        mut right: impl FnMut(&str) -> Result<(), ReasonCode>,
        mut room: impl FnMut() -> bool,
        out: &mut Vec<u8>,
    ) -> Result<Subscribed, super::Violation> {
        // MQTT 5.0, 3.8.3.1: not a matter of this filter alone, so none of the
        // packet's stands.
        let mut filters = packet.filters();
        if filters.any(|(text, options)| options.no_local && text.starts_with("$share/")) {
            return Err(super::Violation::new(
                ReasonCode::PROTOCOL_ERROR,
                "no local on a shared subscription",
            ));
        }
        let id = packet
            .properties
            .iter()
            .find_map(|property| match property {
                Property::SubscriptionId(id) => Some(id),
                _ => None,
            });
        let mut done = Subscribed::default();
        let mut codes = SmallVec::<[u8; 8]>::new();
        // What became of each filter so far: its place among the granted, or
        // why it is denied. The first needs no look back.
        let mut seen: HashMap<&str, Result<usize, ReasonCode>> = HashMap::new();
        let mut repeats = false;
        let mut filters = packet.filters().peekable();
        while let Some((text, options)) = filters.next() {
            let is_alone = codes.is_empty() && filters.peek().is_none();
            let is_past = done.looked_at >= self.config.filters_per_packet;
            let mut look = || {
                done.looked_at += 1;
                let request = SubscriptionRequest {
                    text,
                    options,
                    id,
                    since,
                };
                let grant = self.grant(&request, &mut right, &mut room)?;
                done.granted.push(grant);
                Ok(done.granted.len() - 1)
            };
            let outcome = if is_alone {
                look()
            } else {
                match seen.entry(text) {
                    Entry::Vacant(_) if is_past => Err(ReasonCode::QUOTA_EXCEEDED),
                    Entry::Vacant(entry) => *entry.insert(look()),
                    // As if it came in a packet of its own: the last one holds.
                    Entry::Occupied(entry) => (*entry.get()).inspect(|place| {
                        done.granted[*place].subscription.options = options;
                        repeats = true;
                    }),
                }
            };
            codes.push(match outcome {
                Ok(_) => options.qos as u8,
                Err(_) if self.protocol == Protocol::V311 => ReasonCode::UNSPECIFIED_ERROR.0,
                Err(reason) => reason.0,
            });
        }
        if repeats {
            for grant in &done.granted {
                self.replace_options(&grant.subscription);
            }
        }
        SubAck {
            packet_id: packet.packet_id,
            properties: Properties::NONE,
            codes: &codes,
        }
        .encode(self.protocol, out);
        Ok(done)
    }

    fn replace_options(&mut self, subscription: &Subscription) {
        let (filter, group) = (&subscription.filter, subscription.group.as_deref());
        let mut standing = self.subscriptions.iter_mut();
        if let Some(standing) = standing.find(|it| it.has(filter, group)) {
            standing.options = subscription.options;
        }
    }

    fn grant(
        &mut self,
        request: &SubscriptionRequest<'_>,
        right: &mut impl FnMut(&str) -> Result<(), ReasonCode>,
        room: &mut impl FnMut() -> bool,
    ) -> Result<Granted, ReasonCode> {
        let (filter, group) = TopicFilter::within(request.text, self.topic_limits()).map_err(
            |error| match error {
                TopicFilterError::TooDeep | TopicFilterError::TooLong => ReasonCode::QUOTA_EXCEEDED,
                _ => ReasonCode::TOPIC_FILTER_INVALID,
            },
        )?;
        right(filter.as_str())?;
        let stands = self
            .subscriptions
            .iter()
            .position(|standing| standing.has(&filter, group));
        let subscription = Subscription {
            filter,
            group: group.map(Into::into),
            options: request.options,
            id: request.id,
            // One that stands goes on where it was.
            since: stands.map_or(request.since, |index| self.subscriptions[index].since),
        };
        match stands {
            Some(index) => self.subscriptions[index] = subscription.clone(),
            None if self.subscriptions.len() >= self.config.subscriptions_per_session => {
                return Err(ReasonCode::QUOTA_EXCEEDED);
            }
            None if !room() => return Err(ReasonCode::QUOTA_EXCEEDED),
            None => {
                if self.subscriptions.is_empty() {
                    // Most have one for as long as they stand.
                    self.subscriptions.reserve_exact(1);
                }
                self.subscriptions.push(subscription.clone());
            }
        }
        let is_new = stands.is_none();
        Ok(Granted {
            subscription,
            is_new,
        })
    }

    /// Asks for every right again; what is denied goes, and is returned.
    pub(crate) fn authorise_again(
        &mut self,
        mut right: impl FnMut(&str) -> SubscribeRight,
    ) -> Vec<Subscription> {
        let (kept, denied) = std::mem::take(&mut self.subscriptions)
            .into_iter()
            .partition(|it| right(it.filter.as_str()) == SubscribeRight::Granted);
        self.subscriptions = kept;
        denied
    }

    /// What a message of the log is to this session's own subscriptions: the
    /// highest QoS and all identifiers of those that it matches.
    pub(crate) fn matching(
        &self,
        topic: &str,
        position: LogPosition,
    ) -> Option<(SubscribeOptions, SmallVec<[u32; 2]>)> {
        let mut matched: Option<SubscribeOptions> = None;
        let mut ids = SmallVec::new();
        for subscription in &self.subscriptions {
            let missed = subscription.group.is_none() && subscription.since <= position;
            if missed && subscription.filter.matches(topic) {
                ids.extend(subscription.id);
                let options = subscription.options;
                let highest = matched.map_or(Qos::AtMostOnce, |it| it.qos);
                matched = Some(SubscribeOptions {
                    qos: options.qos.max(highest),
                    ..options
                });
            }
        }
        Some((matched?, ids))
    }
}

struct SubscriptionRequest<'a> {
    text: &'a str,
    options: SubscribeOptions,
    id: Option<u32>,
    since: LogPosition,
}
