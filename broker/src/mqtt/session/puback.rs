//! PUBACK and PUBREL from the client.

use super::{Action, Session, Violation};
use crate::access::Protocol;
use crate::mqtt::codec::{Ack, Properties, ReasonCode, kind};

impl Session {
    pub(super) fn puback<'a>(&mut self, ack: &Ack<'_>) -> Result<Action<'a>, Violation> {
        match self.outgoing.acknowledged(ack.packet_id) {
            true => Ok(Action::WindowOpened),
            // A late or repeated acknowledgement does no harm.
            false => Ok(Action::None),
        }
    }

    /// No message of QoS 2 was taken, so no identifier is known.
    pub(super) fn pubrel<'a>(
        &mut self,
        ack: &Ack<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Action<'a>, Violation> {
        let reason = match self.protocol {
            Protocol::V311 => ReasonCode::SUCCESS,
            Protocol::V5 => ReasonCode::PACKET_IDENTIFIER_NOT_FOUND,
        };
        Ack {
            packet_id: ack.packet_id,
            reason,
            properties: Properties::NONE,
        }
        .encode(kind::PUBCOMP << 4, self.protocol, out);
        Ok(Action::None)
    }
}
