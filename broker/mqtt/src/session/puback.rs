//! PUBACK, PUBREC and PUBCOMP from the client.
//!
//! A late or repeated acknowledgement does no harm and opens no window.

use transport::Protocol;

use super::{Action, Session};
use crate::codec::{Ack, Properties, Qos, ReasonCode, kind};

impl Session {
    pub(super) fn puback<'a>(&mut self, ack: &Ack<'_>) -> Action<'a> {
        if self.outgoing.settle(ack.packet_id, Qos::AtLeastOnce) {
            Action::WindowOpened
        } else {
            Action::None
        }
    }

    /// MQTT 5.0, 4.3.3: a failure ends the exchange; else PUBREL follows, again
    /// where PUBREC comes again.
    pub(super) fn pubrec<'a>(&mut self, ack: &Ack<'_>, out: &mut Vec<u8>) -> Action<'a> {
        if self.protocol == Protocol::V5 && ack.reason.is_failure() {
            return if self.outgoing.settle(ack.packet_id, Qos::ExactlyOnce) {
                Action::WindowOpened
            } else {
                Action::None
            };
        }
        let reason = if self.outgoing.receive(ack.packet_id) {
            ReasonCode::SUCCESS
        } else {
            ReasonCode::PACKET_IDENTIFIER_NOT_FOUND
        };
        Ack {
            packet_id: ack.packet_id,
            reason,
            properties: Properties::NONE,
        }
        .encode(kind::PUBREL << 4 | 2, self.protocol, out);
        Action::None
    }

    pub(super) fn pubcomp<'a>(&mut self, ack: &Ack<'_>) -> Action<'a> {
        if self.outgoing.complete(ack.packet_id) {
            Action::WindowOpened
        } else {
            Action::None
        }
    }
}
