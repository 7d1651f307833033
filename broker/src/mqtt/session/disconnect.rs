//! DISCONNECT, from either side.

use super::acknowledgement::reason_string;
use super::{Action, Session, Violation};
use crate::access::Protocol;
use crate::mqtt::codec::{Disconnect, Property, ReasonCode};

impl Session {
    pub(super) fn disconnect<'a>(
        &mut self,
        disconnect: &Disconnect<'_>,
    ) -> Result<Action<'a>, Violation> {
        // MQTT 5.0, 3.14.2.2.2: a client that asked for no expiry in CONNECT
        // cannot ask for one now. Here nobody was granted one.
        let asks_expiry = disconnect
            .properties
            .iter()
            .any(|property| matches!(property, Property::SessionExpiry(seconds) if seconds > 0));
        if asks_expiry {
            return Err(Violation::new(
                ReasonCode::PROTOCOL_ERROR,
                "a session expiry that was not granted at CONNECT",
            ));
        }
        if disconnect.reason != ReasonCode::DISCONNECT_WITH_WILL {
            self.will = None;
        }
        Ok(Action::Disconnect)
    }
}

pub(super) fn farewell(protocol: Protocol, reason: ReasonCode, text: &str, out: &mut Vec<u8>) {
    if protocol == Protocol::V311 {
        return;
    }
    let properties = reason_string(text);
    Disconnect {
        reason,
        properties: properties.as_properties(),
    }
    .encode(protocol, out);
}
