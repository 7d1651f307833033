//! What is said of a message that goes no further: to its sender as little as
//! helps, to the operator why, and what to do.

use std::borrow::Cow;
use std::net::SocketAddr;

use domain::DeviceId;

use super::{Sender, Telemetry, reject};
use crate::access::SignatureCheck;
use crate::message::Code;
use crate::request::Rejection;
use crate::security::SecurityError;
use transport::{
    ConnectionEvent, EVENT_HEAD_BYTES, EventKind, Listener, MessageSink, Refusal, RefusalKind,
    SinkFault, with_causes,
};

impl<A: SignatureCheck, S: MessageSink<A::Principal>> Telemetry<A, S> {
    pub(super) fn unreadable(
        &self,
        sender: Sender<'_>,
        body: &[u8],
        error: SecurityError,
    ) -> Rejection {
        self.counters.unreadable_signatures.increment();
        let device = Some(sender.device);
        let kind = EventKind::ProtocolError;
        self.record(
            sender.peer,
            device,
            body,
            kind,
            &error.to_string(),
            error.cure(),
        );
        match error {
            SecurityError::ContentFormat => {
                reject(Code::UNSUPPORTED_CONTENT_FORMAT, "110, 112 or 50")
            }
            _ => reject(Code::BAD_REQUEST, "COSE_Sign1"),
        }
    }

    /// An unknown device, a revoked one and a forged signature get the same
    /// answer, so that nobody learns which ids exist; the operator sees why.
    pub(super) fn refused(
        &self,
        peer: SocketAddr,
        body: &[u8],
        kid: &DeviceId,
        refusal: &Refusal,
    ) -> Rejection {
        self.counters.refused.increment();
        let kind = match refusal.kind {
            RefusalKind::NotAuthorized => EventKind::PublishDenied,
            _ => EventKind::Refused,
        };
        self.record(peer, Some(kid), body, kind, &refusal.reason, refusal.cure);
        match refusal.kind {
            RefusalKind::NotAuthorized => reject(Code::FORBIDDEN, ""),
            RefusalKind::QuotaExceeded => reject(Code::TOO_MANY_REQUESTS, ""),
            RefusalKind::Unavailable => reject(Code::SERVICE_UNAVAILABLE, ""),
            _ => reject(Code::UNAUTHORIZED, ""),
        }
    }

    /// As OSCORE does (RFC 8613, 8.2), a replay is 4.01: it proves nothing.
    pub(super) fn fault(
        &self,
        peer: SocketAddr,
        body: &[u8],
        kid: &DeviceId,
        fault: &SinkFault,
    ) -> Rejection {
        let text = with_causes(fault);
        match fault {
            SinkFault::NotAdmitted(refusal) => self.refused(peer, body, kid, refusal),
            SinkFault::Denied(denial) => self.refused(peer, body, kid, &denial.refusal),
            SinkFault::Stopping => reject(Code::SERVICE_UNAVAILABLE, ""),
            SinkFault::Busy => {
                self.counters.overloaded.increment();
                reject(Code::SERVICE_UNAVAILABLE, "overloaded")
            }
            SinkFault::Replayed => {
                self.counters.replayed.increment();
                self.record(peer, Some(kid), body, EventKind::Refused, &text, {
                    "let the boot epoch grow with each boot, and the sequence with each message"
                });
                reject(Code::UNAUTHORIZED, "Replay detected")
            }
            SinkFault::Failed(_) => {
                self.counters.sink_faults.increment();
                self.record(peer, Some(kid), body, EventKind::SinkFault, &text, {
                    "look at the platform's log and its disk"
                });
                reject(Code::SERVICE_UNAVAILABLE, "")
            }
        }
    }

    pub(super) fn record(
        &self,
        peer: SocketAddr,
        login: Option<&DeviceId>,
        body: &[u8],
        kind: EventKind,
        reason: &str,
        cure: &'static str,
    ) {
        self.access.record(ConnectionEvent {
            login: login.map(DeviceId::as_str),
            peer,
            listener: Listener::Coap,
            kind,
            reason: Cow::Borrowed(reason),
            cure,
            head: &body[..body.len().min(EVENT_HEAD_BYTES)],
        });
    }
}
