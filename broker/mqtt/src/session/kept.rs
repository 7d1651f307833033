//! What of a session outlives its connection, and what its store is told.

use smallvec::SmallVec;
use transport::LogPosition;

use super::outgoing::Flight;
use super::{Session, Subscription};
use crate::message::Delivery;

/// MQTT 5.0, 4.1: the state of a session, without its queue.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) subscriptions: Vec<Subscription>,
    /// Packet identifiers of messages of QoS 2 that were received and not yet
    /// released, in order.
    pub(crate) received: Vec<u16>,
    /// Delivered and not acknowledged, oldest first.
    pub(crate) flight: Flight,
}

impl Kept {
    pub(super) fn into_parts(self) -> (Vec<Subscription>, Vec<u16>, Flight) {
        (self.subscriptions, self.received, self.flight)
    }

    /// Of what the log has to be read again if the flight is forgotten.
    pub(crate) fn oldest_in_flight(&self) -> Option<LogPosition> {
        self.flight.oldest()
    }

    /// Messages that a group may give to another of its members.
    pub(crate) fn take_shared(&mut self) -> Vec<Delivery> {
        self.flight.take_shared()
    }
}

/// Answers that wait until the store has what they promise.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) changes: SmallVec<[HeldChange; 1]>,
    pub(crate) answers: Vec<u8>,
}

/// What the store has to know before the answers leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HeldChange {
    /// A message of QoS 2 was received.
    Received(u16),
    /// It was released: its identifier is free.
    Released(u16),
}

impl Held {
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Session {
    /// Ends the connection's part of the session. What a group had given it
    /// and it had not acknowledged comes back where the session ends too.
    pub(crate) fn into_kept(self) -> Kept {
        let received = self.incoming.into_received();
        Kept {
            subscriptions: self.subscriptions,
            received,
            flight: self.outgoing.into_flight(),
        }
    }

    /// What was delivered of the log and is not acknowledged.
    pub(crate) fn oldest_in_flight(&self) -> Option<LogPosition> {
        self.outgoing.oldest_in_flight()
    }
}
