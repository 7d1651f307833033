//! Who may connect, publish and subscribe.
//!
//! The broker asks and never knows where the answer comes from: the platform
//! reads an immutable snapshot of its registry, the broker's own tests have a
//! table in memory. Every call is synchronous and must not block on I/O.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::Transport;

/// Says who may do what.
pub trait AccessControl: Send + Sync + 'static {
    /// An authenticated identity. Cloned once a connection; keep it an `Arc`.
    type Principal: Clone + Send + Sync + 'static;

    /// Checks a login. May take as long as one signature does (about 60 us).
    fn authenticate(
        &self,
        attempt: &LoginAttempt<'_>,
    ) -> Result<Admission<Self::Principal>, Refusal>;

    /// MQTT 5's enhanced authentication: what the client has to answer to.
    fn challenge(&self, attempt: &LoginAttempt<'_>, method: &str) -> Result<Vec<u8>, Refusal>;

    /// Checks the answer to a challenge.
    fn answer(
        &self,
        attempt: &LoginAttempt<'_>,
        challenge: &[u8],
        answer: &[u8],
    ) -> Result<Admission<Self::Principal>, Refusal>;

    /// Asked once for each connection, topic and generation. A denial tells the
    /// operator why.
    fn publish_right(
        &self,
        principal: &Self::Principal,
        topic: &str,
    ) -> Result<PublishRight, Denial>;

    /// Asked at SUBSCRIBE, and again for each standing subscription when the
    /// broker is told to revalidate.
    fn subscribe_right(&self, principal: &Self::Principal, filter: &str) -> SubscribeRight;

    /// Whether a standing connection may stay, and for how long from now, where
    /// its right ends by itself.
    fn still_admitted(&self, principal: &Self::Principal) -> Result<Option<Duration>, Refusal>;

    /// What to do where one client takes the session of another again and
    /// again. It depends on what the two share.
    fn takeover_cure(&self, _principal: &Self::Principal) -> &'static str {
        "if this goes on, two clients use one client id: give each its own"
    }

    /// Whether a session that waits for its owner may be kept.
    fn owner_admitted(&self, session_owner: &str) -> Result<(), Refusal>;

    /// Grows whenever any right may have changed. Read for each batch of
    /// packets: one atomic load.
    fn generation(&self) -> u64;

    /// Something an operator will ask about: a refused login, a denied topic,
    /// a broken packet. Must be cheap, since an attacker decides how often.
    fn record(&self, event: ConnectionEvent<'_>);
}

/// What a connection or a datagram came in by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Listener {
    Mqtt,
    Mqtts,
    Ws,
    Wss,
    Coap,
    Coaps,
    /// For conformance suites only: no authentication, loopback only.
    MqttUnprotected,
}

impl Listener {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Mqtts => "mqtts",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Coap => "coap",
            Self::Coaps => "coaps",
            Self::MqttUnprotected => "mqtt-unprotected",
        }
    }

    /// As a frame of the log names it.
    #[inline]
    pub const fn transport(self) -> Transport {
        match self {
            Self::Mqtt | Self::MqttUnprotected => Transport::Mqtt,
            Self::Mqtts => Transport::MqttTls,
            Self::Ws | Self::Wss => Transport::WebSocket,
            Self::Coap | Self::Coaps => Transport::Coap,
        }
    }

    /// Whether what passes is encrypted on the way.
    #[inline]
    pub const fn is_encrypted(self) -> bool {
        matches!(self, Self::Mqtts | Self::Wss | Self::Coaps)
    }
}

/// The version of MQTT that a connection speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Protocol {
    /// MQTT 3.1.1, protocol level 4.
    V311,
    /// MQTT 5.0, protocol level 5.
    V5,
}

impl Protocol {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V311 => "3.1.1",
            Self::V5 => "5",
        }
    }
}

/// What a CONNECT says about who sends it.
#[derive(Clone, Copy, Debug)]
pub struct LoginAttempt<'a> {
    pub peer: SocketAddr,
    pub listener: Listener,
    pub protocol: Protocol,
    /// Empty where the client leaves the choice to the server.
    pub client_id: &'a str,
    pub user_name: Option<&'a str>,
    pub password: Option<&'a [u8]>,
    /// The public key of the certificate that the client proved to own in the
    /// TLS handshake: its SubjectPublicKeyInfo, DER. Nobody has vouched for it.
    pub certificate: Option<&'a [u8]>,
    /// The page that a browser connects from.
    pub origin: Option<&'a str>,
}

/// A login that was accepted.
#[derive(Clone, Debug)]
pub struct Admission<P> {
    pub principal: P,
    /// For how long from now, where its right to be connected ends by itself:
    /// from the same look at the registry as the login.
    pub lasts: Option<Duration>,
    /// Sessions are keyed by this and the client id, so that nobody takes over
    /// the session of another.
    pub session_owner: String,
    pub realm: Realm,
    /// Whom its messages are counted for.
    pub agency: Option<Arc<str>>,
    /// Seconds; an MQTT 5 client that asks for more, or for none, is told
    /// this. 0 leaves the choice to the client.
    pub max_keep_alive: u16,
    /// Seconds that its sessions outlive their connections at most; the
    /// broker's own limit holds too.
    pub max_session_expiry: u32,
}

/// Two worlds of topics in one broker. Nothing passes from one to the other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Realm {
    /// Authenticated; every message that is delivered comes from the log.
    Platform,
    /// The conformance suites' listener: messages are routed and retained in
    /// memory, and nothing is stored.
    Unprotected,
}

/// A login, or a standing connection, that is not accepted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    pub kind: RefusalKind,
    /// For the operator. Never sent to the peer.
    pub reason: Cow<'static, str>,
    /// What to do about it.
    pub cure: &'static str,
}

impl Refusal {
    pub fn new(kind: RefusalKind, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            reason: reason.into(),
            cure: kind.usual_cure(),
        }
    }

    /// Where more is known than what usually helps.
    #[must_use]
    pub fn with_cure(self, cure: &'static str) -> Self {
        Self { cure, ..self }
    }
}

/// Why, in the classes that the protocols can tell apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RefusalKind {
    /// The user name is missing, or the password or signature does not fit.
    BadCredentials,
    /// An authentication method that is not offered.
    UnknownMethod,
    /// Known to nobody here. The peer is told the same as for bad credentials.
    UnknownDevice,
    /// Identified, but this is not allowed to it.
    NotAuthorized,
    /// The client id is not the one this identity may use.
    BadClientId,
    /// The token has ended or is not valid yet.
    Expired,
    Revoked,
    /// A secret that must not travel in the clear came on a plaintext listener.
    InsecureListener,
    /// Too many attempts or connections.
    QuotaExceeded,
    /// The platform cannot decide at the moment.
    Unavailable,
}

impl RefusalKind {
    const fn usual_cure(self) -> &'static str {
        match self {
            Self::BadCredentials => "check the device's key or password, and the token's audience",
            Self::UnknownMethod => "use one of the methods that the documents name, or a password",
            Self::UnknownDevice => "register the device, or correct the name that it sends",
            Self::NotAuthorized => "a device publishes on its own topics only",
            Self::BadClientId => "use the device's id as the client id",
            Self::Expired => "set the device's clock, and make a new token for each connection",
            Self::Revoked => "give the device a new credential, or register it anew",
            Self::InsecureListener => "use the TLS port, or bind the password to its networks",
            Self::QuotaExceeded => "connect and send less often",
            Self::Unavailable => "look at the platform's log",
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadCredentials => "bad-credentials",
            Self::UnknownMethod => "unknown-method",
            Self::UnknownDevice => "unknown-device",
            Self::NotAuthorized => "not-authorized",
            Self::BadClientId => "bad-client-id",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::InsecureListener => "insecure-listener",
            Self::QuotaExceeded => "quota-exceeded",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What becomes of a message on a topic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PublishRight {
    /// It goes to the sink and becomes durable.
    Telemetry,
    /// It goes straight to the subscribers and is not kept: the unprotected
    /// listener only.
    Route,
    /// It is a question: the sink answers its sender, and nobody else hears of it.
    Ask,
}

/// A topic that may not be published on. Its messages are acknowledged without
/// effect: a client of MQTT 3.1.1 cannot be told, and would send them again
/// for ever.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{refusal}")]
pub struct Denial {
    /// For the operator.
    pub refusal: Refusal,
    pub leaves: Leaves,
}

/// What a message that is not allowed leaves, beside the event that tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leaves {
    Nothing,
    /// The topic was the sender's own: the refusal becomes durable, and the
    /// sender may read it.
    Reject(RejectCause),
}

/// Why a message becomes durable as a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RejectCause {
    /// Its topic is none that is read.
    Topic,
    /// It speaks for somebody who is not admitted.
    NotAdmitted,
    /// It is larger than is taken; what is left of it is its beginning.
    TooLarge,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubscribeRight {
    Granted,
    Denied,
}

/// One entry for "why does it not connect?".
#[derive(Clone, Debug)]
pub struct ConnectionEvent<'a> {
    /// The user name of the CONNECT, where one was read.
    pub login: Option<&'a str>,
    pub peer: SocketAddr,
    pub listener: Listener,
    pub kind: EventKind,
    pub reason: Cow<'a, str>,
    /// What to do about it; empty where nothing is wrong.
    pub cure: &'static str,
    /// The first [`EVENT_HEAD_BYTES`] of what was received, where there are
    /// any. Never a packet that carries a password.
    pub head: &'a [u8],
}

/// How much of a broken packet an event keeps, in bytes.
pub const EVENT_HEAD_BYTES: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EventKind {
    Connected,
    Disconnected,
    Refused,
    ProtocolError,
    PublishDenied,
    SubscribeDenied,
    /// Another connection with the same client id took the session.
    TakenOver,
    /// The right to be connected was lost.
    Kicked,
    TlsFailed,
    ConnectTimeout,
    KeepAliveTimeout,
    /// The peer did not read what it was sent.
    WriteTimeout,
    /// The sink could not keep a message; nothing was acknowledged.
    SinkFault,
    /// A message that is larger than is taken; the connection stays.
    TooLarge,
}

impl EventKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::Refused => "refused",
            Self::ProtocolError => "protocol-error",
            Self::PublishDenied => "publish-denied",
            Self::SubscribeDenied => "subscribe-denied",
            Self::TakenOver => "taken-over",
            Self::Kicked => "kicked",
            Self::TlsFailed => "tls-failed",
            Self::ConnectTimeout => "connect-timeout",
            Self::KeepAliveTimeout => "keep-alive-timeout",
            Self::WriteTimeout => "write-timeout",
            Self::SinkFault => "sink-fault",
            Self::TooLarge => "too-large",
        }
    }
}
