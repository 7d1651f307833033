//! AUTH: the steps of MQTT 5's enhanced authentication.

use transport::Protocol;

use super::{Action, Session, Violation};
use crate::codec::{Auth, Property, PropertyList, ReasonCode};

impl Session {
    /// MQTT 5.0, 4.12.1: only with the method of the CONNECT.
    pub(super) fn auth<'a>(&mut self, auth: Auth<'a>) -> Result<Action<'a>, Violation> {
        let agreed = self.authentication.as_deref();
        if self.protocol == Protocol::V311 || agreed.is_none() || method_of(&auth) != agreed {
            return Err(Violation::new(
                ReasonCode::PROTOCOL_ERROR,
                "AUTH with another authentication method than CONNECT's",
            ));
        }
        Ok(Action::Reauthenticate(auth))
    }
}

pub(crate) fn method_of<'a>(auth: &Auth<'a>) -> Option<&'a str> {
    auth.properties.iter().find_map(|property| match property {
        Property::AuthenticationMethod(method) => Some(method),
        _ => None,
    })
}

/// What the client answers; empty where it says nothing.
pub(crate) fn response_of<'a>(auth: &Auth<'a>) -> &'a [u8] {
    let data = auth.properties.iter().find_map(|property| match property {
        Property::AuthenticationData(data) => Some(data),
        _ => None,
    });
    data.unwrap_or_default()
}

/// A step of the server's: a challenge, or the word that it was answered.
pub(crate) fn challenge(reason: ReasonCode, method: &str, data: &[u8], out: &mut Vec<u8>) {
    let mut properties = PropertyList::default().with(Property::AuthenticationMethod(method));
    if !data.is_empty() {
        properties.push(Property::AuthenticationData(data));
    }
    Auth {
        reason,
        properties: properties.as_properties(),
    }
    .encode(out);
}
