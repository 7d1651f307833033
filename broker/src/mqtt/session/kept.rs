//! What of a session outlives its connection, and what its store is told.

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::outgoing::InFlight;
use super::{Session, Subscription};
use crate::mqtt::message::Delivery;
use crate::session_store::LogPosition;

/// MQTT 5.0, 4.1: the state of a session, without its queue.
#[derive(Debug, Default)]
pub struct Kept {
    pub subscriptions: Vec<Subscription>,
    /// Packet identifiers of messages of QoS 2 that were received and not yet
    /// released, in order.
    pub received: Vec<u16>,
    /// Delivered and not acknowledged, oldest first.
    pub flight: Flight,
}

#[derive(Debug, Default)]
pub struct Flight {
    pub(super) last_id: u16,
    pub(super) in_flight: VecDeque<InFlight>,
}

impl Kept {
    pub(super) fn into_parts(self) -> (Vec<Subscription>, Vec<u16>, Flight) {
        (self.subscriptions, self.received, self.flight)
    }

    /// Of what the log has to be read again if the flight is forgotten.
    pub fn oldest_in_flight(&self) -> Option<LogPosition> {
        oldest(&self.flight.in_flight)
    }
}

pub(super) fn oldest(in_flight: &VecDeque<InFlight>) -> Option<LogPosition> {
    in_flight
        .iter()
        .filter_map(|it| it.delivery.as_ref()?.message.position)
        .min()
}

/// Answers that wait until the store has what they promise.
#[derive(Debug, Default)]
pub struct Held {
    pub changes: SmallVec<[HeldChange; 1]>,
    pub answers: Vec<u8>,
}

/// What the store has to know before the answers leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeldChange {
    /// A message of QoS 2 was received.
    Received(u16),
    /// It was released: its identifier is free.
    Released(u16),
}

impl Held {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Session {
    /// Ends the connection's part of the session. What a group had given it
    /// and it had not acknowledged comes back where the session ends too.
    pub fn into_kept(self) -> Kept {
        let received = self.incoming.into_received();
        Kept {
            subscriptions: self.subscriptions,
            received,
            flight: self.outgoing.into_flight(),
        }
    }

    /// What was delivered of the log and is not acknowledged.
    pub fn oldest_in_flight(&self) -> Option<LogPosition> {
        self.outgoing.oldest_in_flight()
    }
}

impl Kept {
    /// Messages that a group may give to another of its members.
    pub fn take_shared(&mut self) -> Vec<Delivery> {
        let flight = std::mem::take(&mut self.flight.in_flight);
        let (shared, own): (Vec<_>, Vec<_>) = flight.into_iter().partition(InFlight::is_shared);
        self.flight.in_flight = own.into();
        shared.into_iter().filter_map(|it| it.delivery).collect()
    }
}
