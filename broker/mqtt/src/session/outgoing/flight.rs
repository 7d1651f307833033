//! What was sent to the client and is not acknowledged.

use std::collections::VecDeque;

use transport::LogPosition;

use crate::codec::Qos;
use crate::message::Delivery;

/// Kept between two connections of a session.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    pub(crate) last_id: u16,
    /// Oldest first.
    pub(super) in_flight: VecDeque<InFlight>,
}

/// A message that the client has not acknowledged.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(super) packet_id: u16,
    /// None: the client has a message of QoS 2, and PUBREL was sent.
    pub(super) delivery: Option<Delivery>,
}

impl Flight {
    /// Of what the log has to be read again if the flight is forgotten.
    pub(crate) fn oldest(&self) -> Option<LogPosition> {
        oldest(&self.in_flight)
    }

    /// Messages that a group may give to another of its members.
    pub(crate) fn take_shared(&mut self) -> Vec<Delivery> {
        let in_flight = std::mem::take(&mut self.in_flight);
        let (shared, own): (Vec<_>, Vec<_>) = in_flight.into_iter().partition(InFlight::is_shared);
        self.in_flight = own.into();
        shared.into_iter().filter_map(|it| it.delivery).collect()
    }
}

impl InFlight {
    fn is_shared(&self) -> bool {
        let delivery = self.delivery.as_ref();
        delivery.is_some_and(|it| it.shared && it.qos == Qos::AtLeastOnce)
    }
}

pub(super) fn oldest(in_flight: &VecDeque<InFlight>) -> Option<LogPosition> {
    in_flight
        .iter()
        .filter_map(|it| it.delivery.as_ref()?.message.position)
        .min()
}
