//! CONNECT and CONNACK: what a client asks for, and what it is granted.

use transport::{Protocol, RefusalKind, is_publishable};

use crate::codec::{ConnAck, Connect, Properties, Property, PropertyList, ReasonCode};
use crate::limits::Config;
use crate::message::{expiry, forwarded};

use super::{StoredWill, topic_limits};

/// The longest client id, in bytes. MQTT asks for 23 at least.
pub(crate) const MAX_CLIENT_ID_BYTES: usize = 256;

/// What an MQTT 5 client is told whose will is not kept.
const WILL_LEFT_OUT: &str = "the will is not kept: its topic may not be published on";
/// A client that takes no packets of so many bytes is told no reason in its
/// CONNACK, which has about 180 with one.
const LEAST_FOR_REASON: usize = 256;

/// What a CONNECT asks for, once it is known to be answerable.
#[derive(Clone, Debug)]
pub(crate) struct Requested {
    pub(crate) protocol: Protocol,
    /// What was kept of an earlier session is thrown away.
    pub(crate) clean_start: bool,
    /// Seconds that the session outlives the connection, as granted.
    pub(crate) session_expiry: u32,
    /// The client is told another expiry than it asked for.
    session_expiry_changed: bool,
    /// Seconds, as it will be enforced; 0 is none.
    pub(crate) keep_alive: u16,
    /// The client is told another keep-alive than it asked for.
    keep_alive_changed: bool,
    /// Messages of QoS 1 and 2 that the client takes at once.
    pub(crate) receive_maximum: u16,
    /// Bytes of a packet that the client takes.
    pub(crate) max_packet: usize,
    /// Topic aliases that the client takes.
    pub(crate) topic_aliases: u16,
    pub(crate) problem_information: bool,
    /// MQTT 5's enhanced authentication is asked for.
    pub(crate) authentication: Option<Box<str>>,
    pub(crate) will: Option<Box<StoredWill>>,
    /// There was one, on a topic that the client may not publish on.
    will_left_out: bool,
}

/// A CONNECT that is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct ConnectRefusal {
    pub(crate) reason: ReasonCode,
    pub(crate) text: &'static str,
}

const fn refuse(reason: ReasonCode, text: &'static str) -> ConnectRefusal {
    ConnectRefusal { reason, text }
}

/// Reads what a CONNECT asks for and checks all that needs no identity.
pub(crate) fn read_connect(
    connect: &Connect<'_>,
    config: &Config,
) -> Result<Requested, ConnectRefusal> {
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
        clean_start: connect.clean_start,
        session_expiry: if v311 && !connect.clean_start {
            config.max_session_expiry
        } else {
            0
        },
        session_expiry_changed: false,
        keep_alive: connect.keep_alive,
        keep_alive_changed: false,
        receive_maximum: u16::MAX,
        max_packet: usize::MAX,
        topic_aliases: 0,
        problem_information: true,
        authentication: None,
        will: read_will(connect, config)?,
        will_left_out: false,
    };
    for property in connect.properties.iter() {
        match property {
            Property::ReceiveMaximum(maximum) => requested.receive_maximum = maximum,
            Property::MaximumPacketSize(bytes) => requested.max_packet = bytes as usize,
            Property::TopicAliasMaximum(count) => requested.topic_aliases = count,
            Property::RequestProblemInformation(flag) => requested.problem_information = flag == 1,
            Property::SessionExpiry(seconds) => {
                requested.session_expiry = seconds.min(config.max_session_expiry);
                requested.session_expiry_changed = requested.session_expiry != seconds;
            }
            Property::AuthenticationMethod(method) => {
                requested.authentication = Some(method.into());
            }
            _ => {}
        }
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
    Ok(Some(Box::new(StoredWill {
        topic: will.topic.into(),
        payload: will.payload.into(),
        qos: will.qos,
        retain: will.retain,
        properties: forwarded(will.properties),
        expiry: expiry(will.properties),
        delay: will
            .properties
            .iter()
            .find_map(|property| match property {
                Property::WillDelay(seconds) => Some(seconds),
                _ => None,
            })
            .unwrap_or(0),
    })))
}

/// What the CONNACK of an accepted CONNECT tells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Accepted<'a> {
    /// Something was kept of the session, and it goes on.
    pub(crate) session_present: bool,
    /// The client id that the server chose.
    pub(crate) assigned: Option<&'a str>,
}

impl Requested {
    /// A server that has a limit tells it to MQTT 5; 3.1.1 cannot be told, so
    /// its clients keep what they asked for. 0 is no limit.
    pub(crate) fn limit_keep_alive(&mut self, most: u16) {
        let beyond = self.keep_alive == 0 || self.keep_alive > most;
        if self.protocol == Protocol::V5 && most > 0 && beyond {
            self.keep_alive = most;
            self.keep_alive_changed = true;
        }
    }

    /// The client may not publish on the will's topic, and is let in without it.
    pub(crate) fn leave_out_will(&mut self) {
        self.will = None;
        self.will_left_out = true;
    }

    /// Sessions of some outlive their connections for less time than asked.
    pub(crate) fn limit_session_expiry(&mut self, most: u32) {
        if self.session_expiry > most {
            self.session_expiry = most;
            self.session_expiry_changed = true;
        }
    }

    pub(crate) fn accept(&self, config: &Config, accepted: Accepted<'_>, out: &mut Vec<u8>) {
        let mut properties = PropertyList::default();
        if self.protocol == Protocol::V5 {
            if self.will_left_out && self.max_packet >= LEAST_FOR_REASON {
                properties.push(Property::ReasonString(WILL_LEFT_OUT));
            }
            if self.session_expiry_changed {
                properties.push(Property::SessionExpiry(self.session_expiry));
            }
            properties.push(Property::ReceiveMaximum(config.receive_maximum));
            properties.push(Property::MaximumPacketSize(config.max_packet as u32));
            if let Some(client_id) = accepted.assigned {
                properties.push(Property::AssignedClientId(client_id));
            }
            if config.topic_aliases > 0 {
                properties.push(Property::TopicAliasMaximum(config.topic_aliases));
            }
            if self.keep_alive_changed {
                properties.push(Property::ServerKeepAlive(self.keep_alive));
            }
            if let Some(method) = &self.authentication {
                properties.push(Property::AuthenticationMethod(method));
            }
        }
        ConnAck {
            session_present: accepted.session_present,
            code: 0,
            properties: properties.as_properties(),
        }
        .encode(self.protocol, out);
    }
}

/// The CONNACK of a refused CONNECT. MQTT 3.1.1 has five codes; where none
/// fits, the connection is closed without one.
pub(crate) fn connack_refusal(protocol: Protocol, reason: ReasonCode, out: &mut Vec<u8>) {
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

/// What the peer is told. An unknown device is told the same as a wrong
/// password, so that nobody can list the devices.
pub(crate) const fn reason_code(kind: RefusalKind) -> ReasonCode {
    match kind {
        RefusalKind::BadCredentials | RefusalKind::UnknownDevice => {
            ReasonCode::BAD_USER_NAME_OR_PASSWORD
        }
        RefusalKind::UnknownMethod => ReasonCode::BAD_AUTHENTICATION_METHOD,
        RefusalKind::NotAuthorized
        | RefusalKind::Expired
        | RefusalKind::Revoked
        | RefusalKind::InsecureListener => ReasonCode::NOT_AUTHORIZED,
        RefusalKind::BadClientId => ReasonCode::CLIENT_IDENTIFIER_NOT_VALID,
        RefusalKind::QuotaExceeded => ReasonCode::QUOTA_EXCEEDED,
        RefusalKind::Unavailable => ReasonCode::SERVER_UNAVAILABLE,
    }
}

/// The same for a connection that stands.
pub(crate) const fn disconnect_code(kind: RefusalKind) -> ReasonCode {
    match kind {
        RefusalKind::Revoked => ReasonCode::ADMINISTRATIVE_ACTION,
        RefusalKind::QuotaExceeded => ReasonCode::QUOTA_EXCEEDED,
        RefusalKind::Unavailable => ReasonCode::SERVER_BUSY,
        _ => ReasonCode::NOT_AUTHORIZED,
    }
}
