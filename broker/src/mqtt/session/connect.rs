//! CONNECT and CONNACK.
//!
//! What is not offered is refused or announced here: MQTT 5's AUTH, QoS 2,
//! sessions that outlive their connection, shared subscriptions.

use crate::access::{Protocol, RefusalKind};
use crate::config::Config;
use crate::mqtt::codec::{ConnAck, Connect, Properties, Property, PropertyList, Qos, ReasonCode};
use crate::mqtt::message::forwarded;
use crate::mqtt::topic::is_publishable;

use super::{StoredWill, topic_limits};

/// The longest client id, in bytes. MQTT asks for 23 at least.
pub const MAX_CLIENT_ID_BYTES: usize = 256;

/// What a CONNECT asks for, once it is known to be answerable.
#[derive(Clone, Debug)]
pub struct Requested {
    pub protocol: Protocol,
    /// Seconds, as it will be enforced; 0 is none.
    pub keep_alive: u16,
    /// The client is told another keep-alive than it asked for.
    pub keep_alive_changed: bool,
    /// QoS 1 messages that the client takes at once.
    pub receive_maximum: u16,
    /// Bytes of a packet that the client takes.
    pub max_packet: usize,
    pub problem_information: bool,
    /// The client asked for a session that outlives the connection.
    pub wants_expiry: bool,
    pub will: Option<Box<StoredWill>>,
}

/// A CONNECT that is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text}")]
pub struct ConnectRefusal {
    pub reason: ReasonCode,
    pub text: &'static str,
}

const fn refuse(reason: ReasonCode, text: &'static str) -> ConnectRefusal {
    ConnectRefusal { reason, text }
}

/// Reads a CONNECT's wishes and checks all that needs no identity.
pub fn read_connect(connect: &Connect<'_>, config: &Config) -> Result<Requested, ConnectRefusal> {
    if connect.client_id.len() > MAX_CLIENT_ID_BYTES {
        return Err(refuse(
            ReasonCode::CLIENT_IDENTIFIER_NOT_VALID,
            "the client id is longer than 256 bytes",
        ));
    }
    let v311 = connect.protocol == Protocol::V311;
    if v311 && connect.client_id.is_empty() && !connect.clean_start {
        return Err(refuse(
            ReasonCode::CLIENT_IDENTIFIER_NOT_VALID,
            "a session that is to be kept needs a client id",
        ));
    }
    let mut requested = Requested {
        protocol: connect.protocol,
        keep_alive: connect.keep_alive,
        keep_alive_changed: false,
        receive_maximum: u16::MAX,
        max_packet: usize::MAX,
        problem_information: true,
        wants_expiry: v311 && !connect.clean_start,
        will: read_will(connect, config)?,
    };
    for property in connect.properties.iter() {
        match property {
            Property::ReceiveMaximum(maximum) => requested.receive_maximum = maximum,
            Property::MaximumPacketSize(bytes) => requested.max_packet = bytes as usize,
            Property::RequestProblemInformation(flag) => requested.problem_information = flag == 1,
            Property::SessionExpiry(seconds) => requested.wants_expiry = seconds > 0,
            Property::AuthenticationMethod(_) => {
                return Err(refuse(
                    ReasonCode::BAD_AUTHENTICATION_METHOD,
                    "no authentication method is offered beside user name and password",
                ));
            }
            _ => {}
        }
    }
    let most = config.max_keep_alive;
    if !v311 && most > 0 && (connect.keep_alive == 0 || connect.keep_alive > most) {
        requested.keep_alive = most;
        requested.keep_alive_changed = true;
    }
    Ok(requested)
}

fn read_will(
    connect: &Connect<'_>,
    config: &Config,
) -> Result<Option<Box<StoredWill>>, ConnectRefusal> {
    let Some(will) = &connect.will else {
        return Ok(None);
    };
    if !is_publishable(will.topic, topic_limits(config)) {
        return Err(refuse(
            ReasonCode::TOPIC_NAME_INVALID,
            "the will's topic cannot be published on",
        ));
    }
    if will.qos == Qos::ExactlyOnce && connect.protocol == Protocol::V5 {
        return Err(refuse(ReasonCode::QOS_NOT_SUPPORTED, "a will of QoS 2"));
    }
    Ok(Some(Box::new(StoredWill {
        topic: will.topic.into(),
        payload: will.payload.into(),
        qos: will.qos.min(Qos::AtLeastOnce),
        retain: will.retain,
        properties: forwarded(will.properties),
    })))
}

impl Requested {
    /// The CONNACK of an accepted CONNECT. `assigned`: the client id that the
    /// server chose.
    pub fn accept(&self, config: &Config, assigned: Option<&str>, out: &mut Vec<u8>) {
        let mut properties = PropertyList::default();
        if self.protocol == Protocol::V5 {
            if self.wants_expiry {
                properties.push(Property::SessionExpiry(0));
            }
            properties.push(Property::ReceiveMaximum(config.receive_maximum));
            properties.push(Property::MaximumQos(Qos::AtLeastOnce as u8));
            properties.push(Property::MaximumPacketSize(config.max_packet as u32));
            if let Some(client_id) = assigned {
                properties.push(Property::AssignedClientId(client_id));
            }
            if config.topic_aliases > 0 {
                properties.push(Property::TopicAliasMaximum(config.topic_aliases));
            }
            if self.keep_alive_changed {
                properties.push(Property::ServerKeepAlive(self.keep_alive));
            }
            properties.push(Property::SharedSubscriptionAvailable(0));
        }
        ConnAck {
            session_present: false,
            code: 0,
            properties: properties.as_properties(),
        }
        .encode(self.protocol, out);
    }
}

/// The CONNACK of a refused CONNECT. MQTT 3.1.1 has five codes; where none
/// fits, the connection is closed without one.
pub fn connack_refusal(protocol: Protocol, reason: ReasonCode, out: &mut Vec<u8>) {
    let code = match (protocol, reason) {
        (Protocol::V5, reason) => reason.0,
        (_, ReasonCode::UNSUPPORTED_PROTOCOL_VERSION) => 1,
        (_, ReasonCode::CLIENT_IDENTIFIER_NOT_VALID) => 2,
        (_, ReasonCode::SERVER_UNAVAILABLE | ReasonCode::SERVER_BUSY) => 3,
        (_, ReasonCode::QUOTA_EXCEEDED) => 3,
        (_, ReasonCode::BAD_USER_NAME_OR_PASSWORD) => 4,
        (_, ReasonCode::NOT_AUTHORIZED) => 5,
        _ => return,
    };
    ConnAck {
        session_present: false,
        code,
        properties: Properties::NONE,
    }
    .encode(protocol, out);
}

impl RefusalKind {
    /// What the peer is told. An unknown device is told the same as a wrong
    /// password, so that nobody can list the devices.
    pub const fn reason_code(self) -> ReasonCode {
        match self {
            Self::BadCredentials | Self::UnknownDevice => ReasonCode::BAD_USER_NAME_OR_PASSWORD,
            Self::NotAuthorized | Self::Expired | Self::Revoked | Self::InsecureListener => {
                ReasonCode::NOT_AUTHORIZED
            }
            Self::BadClientId => ReasonCode::CLIENT_IDENTIFIER_NOT_VALID,
            Self::QuotaExceeded => ReasonCode::QUOTA_EXCEEDED,
            Self::Unavailable => ReasonCode::SERVER_UNAVAILABLE,
        }
    }

    /// The same for a connection that stands.
    pub const fn disconnect_code(self) -> ReasonCode {
        match self {
            Self::Revoked => ReasonCode::ADMINISTRATIVE_ACTION,
            Self::QuotaExceeded => ReasonCode::QUOTA_EXCEEDED,
            Self::Unavailable => ReasonCode::SERVER_BUSY,
            _ => ReasonCode::NOT_AUTHORIZED,
        }
    }
}
