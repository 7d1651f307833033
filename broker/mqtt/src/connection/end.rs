//! Why a connection ends: what the peer is told, what the operator is told.

use std::borrow::Cow;
use std::io;

#[cfg(doc)]
use transport::AccessControl;
use transport::{EventKind, Refusal, SinkFault, with_causes};

use crate::codec::ReasonCode;
use crate::session::{Violation, disconnect_code};

#[derive(Debug)]
pub(crate) struct End {
    pub(super) kind: EventKind,
    /// For the operator.
    pub(super) reason: Cow<'static, str>,
    pub(super) cure: &'static str,
    /// For an MQTT 5 client; none where it is gone or left by itself.
    pub(super) code: Option<ReasonCode>,
    /// The reason string beside the code: never more than the peer may know.
    pub(super) told: Cow<'static, str>,
    /// The will goes with the right to be connected.
    pub(super) forgets_will: bool,
    /// The session goes with the right to be connected, however long it was
    /// to be kept.
    pub(super) forgets_session: bool,
    /// Who tried to log in; a served connection knows it by itself.
    pub(super) login: Option<Box<str>>,
    /// The first bytes of what was wrong.
    pub(super) head: Box<[u8]>,
    /// The event is there already.
    pub(super) is_recorded: bool,
}

impl End {
    fn new(kind: EventKind, reason: impl Into<Cow<'static, str>>, cure: &'static str) -> Self {
        Self {
            kind,
            reason: reason.into(),
            cure,
            code: None,
            told: Cow::Borrowed(""),
            forgets_will: false,
            forgets_session: false,
            login: None,
            head: Box::default(),
            is_recorded: false,
        }
    }

    fn telling(mut self, code: ReasonCode, text: &'static str) -> Self {
        self.code = Some(code);
        self.told = Cow::Borrowed(text);
        self
    }

    pub(super) fn with_head(mut self, head: &[u8]) -> Self {
        self.head = head[..head.len().min(transport::EVENT_HEAD_BYTES)].into();
        self
    }

    pub(super) fn goodbye() -> Self {
        Self::new(EventKind::Disconnected, "the client said goodbye", "")
    }

    pub(super) fn closed_by_peer() -> Self {
        let cure = "look at the device's power, network and keep-alive";
        Self::new(
            EventKind::Disconnected,
            "the peer closed without DISCONNECT",
            cure,
        )
    }

    pub(super) fn lost(error: &io::Error) -> Self {
        let cure = "look at the device's power and network";
        Self::new(
            EventKind::Disconnected,
            format!("the connection broke: {error}"),
            cure,
        )
    }

    pub(super) fn violation(violation: Violation) -> Self {
        let cure = match violation.reason {
            ReasonCode::PACKET_TOO_LARGE => {
                "send packets of at most 72 KiB; what of publishes is larger, up to 1 MiB, is dropped"
            }
            ReasonCode::RECEIVE_MAXIMUM_EXCEEDED => {
                "wait for acknowledgements: CONNACK tells how many messages may be unanswered"
            }
            ReasonCode::TOPIC_NAME_INVALID => {
                "publish on a whole topic: wildcards are for subscriptions"
            }
            _ => "the client's MQTT library or its use of it is at fault",
        };
        Self::new(EventKind::ProtocolError, violation.text, cure)
            .telling(violation.reason, violation.text)
    }

    pub(super) fn refused(reason: Cow<'static, str>, cure: &'static str) -> Self {
        Self::new(EventKind::Refused, reason, cure)
    }

    /// The right to be connected was lost.
    pub(super) fn revoked(refusal: Refusal) -> Self {
        Self {
            forgets_session: true,
            ..Self::kicked(refusal)
        }
    }

    /// A right was lost that the connection made use of.
    pub(super) fn kicked(refusal: Refusal) -> Self {
        let code = disconnect_code(refusal.kind);
        let end = Self::new(EventKind::Kicked, refusal.reason, refusal.cure);
        let mut end = end.telling(code, "the right to be connected has ended");
        end.forgets_will = true;
        end
    }

    /// The cure depends on what the two connections share: see
    /// [`AccessControl::takeover_cure`].
    pub(crate) fn taken_over() -> Self {
        let reason = "another connection came with the same identity and client id";
        Self::new(EventKind::TakenOver, reason, "").telling(
            ReasonCode::SESSION_TAKEN_OVER,
            "another connection has this session now",
        )
    }

    pub(super) fn connect_timeout() -> Self {
        let cure =
            "the device opens a connection and sends no CONNECT, or speaks TLS on a plain port";
        Self::new(
            EventKind::ConnectTimeout,
            "no CONNECT within the deadline",
            cure,
        )
    }

    pub(super) fn keep_alive_timeout() -> Self {
        let cure = "look at the device's network, or raise its keep-alive";
        let reason = "nothing came for one and a half times the keep-alive";
        Self::new(EventKind::KeepAliveTimeout, reason, cure)
            .telling(ReasonCode::KEEP_ALIVE_TIMEOUT, "keep-alive timeout")
    }

    pub(super) fn write_timeout() -> Self {
        let cure = "the subscriber must read what it subscribes to";
        Self::new(
            EventKind::WriteTimeout,
            "the peer takes nothing of what is sent to it",
            cure,
        )
    }

    pub(crate) fn sink_fault(fault: &SinkFault) -> Self {
        match fault {
            SinkFault::NotAdmitted(refusal) => Self::revoked(refusal.clone()),
            SinkFault::Denied(denial) => Self::kicked(denial.refusal.clone()),
            SinkFault::Stopping => Self::shutdown(),
            SinkFault::Busy => {
                let cure = "the platform writes messages or new fields more slowly than they come: look at its disk; the client sends its message again";
                Self::new(EventKind::SinkFault, fault.to_string(), cure)
                    .telling(ReasonCode::SERVER_BUSY, "send the message again later")
            }
            SinkFault::Replayed | SinkFault::Failed(_) => {
                let cure = "the platform's own fault: look at its log and its disk";
                Self::new(EventKind::SinkFault, with_causes(fault), cure).telling(
                    ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR,
                    "the platform cannot store messages",
                )
            }
        }
    }

    pub(super) fn shutdown() -> Self {
        let end = Self::new(EventKind::Disconnected, "the platform stops", "");
        let mut end = end.telling(ReasonCode::SERVER_SHUTTING_DOWN, "the platform stops");
        end.forgets_will = true;
        end
    }
}
