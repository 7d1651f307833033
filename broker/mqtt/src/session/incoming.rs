//! What a session knows of the messages that its client sends.

use std::collections::VecDeque;

use transport::{Leaves, PublishRight};

use crate::codec::{Qos, ReasonCode};

#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// Messages whose acknowledgement has not been written, oldest first.
    pub(super) pending: VecDeque<Pending>,
    /// Messages of QoS 1 and 2 that count against the receive maximum.
    pub(super) unacknowledged: u32,
    /// Messages of QoS 2 that were received and not released, in order of
    /// their identifiers.
    pub(super) received: Vec<u16>,
    /// Index is the alias less one.
    pub(super) aliases: Vec<Option<Box<str>>>,
    last_topic: LastTopic,
}

/// Kept for every message in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    /// 0 with QoS 0.
    pub(super) packet_id: u16,
    pub(super) qos: Qos,
    pub(super) settled: Settled,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Settled {
    /// Staged; a receipt settles it.
    No,
    /// Its refusal is staged; a receipt settles it, and this is its answer.
    Rejected(ReasonCode),
    Refused(ReasonCode),
    Routed,
}

#[derive(Debug, Default)]
struct LastTopic {
    topic: Box<str>,
    right: Option<(u64, Result<PublishRight, Leaves>)>,
}

impl Incoming {
    pub(super) fn resuming(mut received: Vec<u16>) -> Self {
        received.sort_unstable();
        Self {
            received,
            ..Self::default()
        }
    }

    pub(super) fn into_received(self) -> Vec<u16> {
        self.received
    }

    /// Whether the identifier was that of a received message; it is free now.
    pub(super) fn release(&mut self, packet_id: u16) -> bool {
        let Ok(index) = self.received.binary_search(&packet_id) else {
            return false;
        };
        self.received.remove(index);
        // One from before the connection did not count.
        self.unacknowledged = self.unacknowledged.saturating_sub(1);
        true
    }

    pub(super) fn is_pending(&self, packet_id: u16) -> bool {
        self.pending
            .iter()
            .any(|it| it.qos == Qos::ExactlyOnce && it.packet_id == packet_id)
    }

    pub(super) fn known_right(
        &self,
        topic: &str,
        generation: u64,
    ) -> Option<Result<PublishRight, Leaves>> {
        let (since, right) = self.last_topic.right?;
        (since == generation && *self.last_topic.topic == *topic).then_some(right)
    }

    pub(super) fn remember_right(
        &mut self,
        topic: &str,
        generation: u64,
        right: Result<PublishRight, Leaves>,
    ) {
        if *self.last_topic.topic != *topic {
            self.last_topic.topic = topic.into();
        }
        self.last_topic.right = Some((generation, right));
    }
}
