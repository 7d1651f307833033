//! PINGREQ.

use super::{Action, Session, Violation};
use crate::codec::{Packet, encode};

impl Session {
    pub(super) fn pingreq<'a>(&mut self, out: &mut Vec<u8>) -> Result<Action<'a>, Violation> {
        encode(&Packet::PingResp, self.protocol, out);
        Ok(Action::None)
    }
}
