//! PUBREL from the client: a message of QoS 2 is over, its identifier is free.

use super::kept::HeldChange;
use super::{Action, Held, Keeping, Session};
use crate::codec::{Ack, Properties, ReasonCode, kind};

impl Session {
    pub(super) fn pubrel<'a>(
        &mut self,
        ack: &Ack<'_>,
        out: &mut Vec<u8>,
        held: &mut Held,
    ) -> Action<'a> {
        let known = self.incoming.release(ack.packet_id);
        let answer = Ack {
            packet_id: ack.packet_id,
            reason: if known {
                ReasonCode::SUCCESS
            } else {
                ReasonCode::PACKET_IDENTIFIER_NOT_FOUND
            },
            properties: Properties::NONE,
        };
        // After PUBCOMP the client may use the identifier for another message,
        // which must not be taken for this one after a restart.
        let out = match self.keeping {
            Keeping::Store if known => {
                held.changes.push(HeldChange::Released(ack.packet_id));
                &mut held.answers
            }
            _ => out,
        };
        answer.encode(kind::PUBCOMP << 4, self.protocol, out);
        Action::None
    }
}
