//! UNSUBSCRIBE.

use smallvec::SmallVec;

use super::{Session, Subscription};
use crate::mqtt::codec::{Properties, ReasonCode, UnsubAck, Unsubscribe};

impl Session {
    /// Removes what stands, writes the UNSUBACK, and returns what was removed.
    pub fn unsubscribe(
        &mut self,
        packet: &Unsubscribe<'_>,
        out: &mut Vec<u8>,
    ) -> SmallVec<[Subscription; 1]> {
        let mut removed = SmallVec::new();
        let mut codes = SmallVec::<[u8; 8]>::new();
        for text in packet.filters() {
            let stands = self
                .subscriptions
                .iter()
                .position(|standing| *standing.name() == *text);
            codes.push(match stands {
                Some(index) => {
                    removed.push(self.subscriptions.swap_remove(index));
                    ReasonCode::SUCCESS.0
                }
                None => ReasonCode::NO_SUBSCRIPTION_EXISTED.0,
            });
        }
        UnsubAck {
            packet_id: packet.packet_id,
            properties: Properties::NONE,
            codes: &codes,
        }
        .encode(self.protocol, out);
        removed
    }
}
