//! DISCONNECT, from either side.

use transport::Protocol;

use super::acknowledgement::reason_string;
use super::{Action, Session, Violation};
use crate::codec::{Disconnect, Property, ReasonCode};

impl Session {
    pub(super) fn disconnect<'a>(
        &mut self,
        disconnect: &Disconnect<'_>,
    ) -> Result<Action<'a>, Violation> {
        let expiry = disconnect
            .properties
            .iter()
            .find_map(|property| match property {
                Property::SessionExpiry(seconds) => Some(seconds),
                _ => None,
            });
        if let Some(seconds) = expiry {
            // MQTT 5.0, 3.14.2.2.2: what ends with its connection cannot be
            // kept by its last word.
            if seconds > 0 && !self.may_change_expiry {
                return Err(Violation::new(
                    ReasonCode::PROTOCOL_ERROR,
                    "a session expiry that was not asked for at CONNECT",
                ));
            }
            self.expiry = seconds.min(self.config.max_session_expiry);
        }
        // MQTT 5.0, 3.1.2.5: any other reason leaves the will as it is.
        if disconnect.reason == ReasonCode::SUCCESS {
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
