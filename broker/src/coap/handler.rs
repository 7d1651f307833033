//! One request on its way to the sink: path, blocks, signature, right, quota.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use domain::batch::Resent;
use domain::{DeviceId, Transport};
use sha2::{Digest as _, Sha256};

use super::access::{CoapAccess, SignatureAttempt};
use super::blockwise::BlockStep;
use super::config::CoapConfig;
use super::dedup::ExchangeKey;
use super::endpoint::{Answer, Endpoint, Request};
use super::limiter::Buckets;
use super::message::Code;
use super::receipts::{BodyDigest, Known, Receipts};
use super::request::{self, Rejection, TelemetryRequest};
use super::security::{self, SecurityError, SignedMessage};
use super::stats::Counters;
use crate::access::{
    ConnectionEvent, EVENT_HEAD_BYTES, EventKind, Listener, PublishRight, Refusal, RefusalKind,
};
use crate::sink::{InboundMessage, MessageSink, SignedHeader, SinkFault, with_causes};

/// A staged message that waits for its commit.
pub(super) struct Waiting<T> {
    pub(super) key: ExchangeKey,
    pub(super) body_digest: BodyDigest,
    pub(super) staged: T,
}

/// How far a message came.
enum Taken<T> {
    Staged(BodyDigest, T),
    /// These very bytes came before, in another request.
    Before(Known),
}

pub(super) struct Handler<A: CoapAccess, S: MessageSink<A::Principal>> {
    access: Arc<A>,
    sink: Arc<S>,
    devices: Buckets<DeviceId>,
    pub(super) receipts: Receipts,
    uncommitted_messages: usize,
    counters: Arc<Counters>,
    /// What the next commit takes.
    pub(super) staged: Vec<Waiting<S::Staged>>,
}

const fn reject(code: Code, diagnostic: &'static str) -> Rejection {
    Rejection { code, diagnostic }
}

impl<A: CoapAccess, S: MessageSink<A::Principal>> Handler<A, S> {
    pub(super) fn new(
        access: Arc<A>,
        sink: Arc<S>,
        config: &CoapConfig,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            access,
            sink,
            devices: Buckets::new(
                config.device_rate,
                config.device_burst,
                config.tracked_devices,
            ),
            receipts: Receipts::new(config.remembered_receipts),
            uncommitted_messages: config.uncommitted_messages,
            counters,
            staged: Vec::new(),
        }
    }

    /// Takes a request as far as the sink. What is returned is sent at once.
    pub(super) fn handle(
        &mut self,
        endpoint: &mut Endpoint,
        request: &Request<'_>,
        now: Instant,
    ) -> Option<Bytes> {
        let telemetry = match request::read(&request.message) {
            Ok(telemetry) => telemetry,
            Err(rejection) => {
                self.counters.rejected_requests.increment();
                return endpoint.reject(request, rejection, None);
            }
        };
        let taken = self
            .body(endpoint, request, &telemetry, now)
            .and_then(|body| self.stage(endpoint, request.key.peer, telemetry.device, &body, now));
        match taken {
            Ok(Taken::Staged(body_digest, staged)) => {
                endpoint.begin(request, telemetry.block, now);
                self.receipts.begin(body_digest);
                self.staged.push(Waiting {
                    key: request.key,
                    body_digest,
                    staged,
                });
                None
            }
            Ok(Taken::Before(Known::Durable { code, receipt })) => {
                endpoint.begin(request, telemetry.block, now);
                let answer = Answer {
                    code,
                    receipt: &receipt,
                };
                endpoint.finish(request.key, &answer, now)
            }
            // Its answer goes to the first request; this one may ask again.
            Ok(Taken::Before(Known::UnderWay)) => None,
            Err(rejection) => endpoint.reject(request, rejection, telemetry.block),
        }
    }

    /// The whole body, where this was all of it; 2.31 is a rejection too.
    fn body<'a>(
        &self,
        endpoint: &mut Endpoint,
        request: &Request<'a>,
        telemetry: &TelemetryRequest<'_>,
        now: Instant,
    ) -> Result<Cow<'a, [u8]>, Rejection> {
        let payload = request.message.payload;
        let Some(block) = telemetry.block else {
            return Ok(Cow::Borrowed(payload));
        };
        let peer = request.key.peer;
        match endpoint
            .transfers
            .accept(peer, telemetry, block, payload, now)
        {
            BlockStep::Complete(body) => Ok(Cow::Owned(body)),
            BlockStep::Continue => Err(reject(Code::CONTINUE, "")),
            BlockStep::Refuse(code, diagnostic) => {
                self.counters.transfers_refused.increment();
                Err(reject(code, diagnostic))
            }
        }
    }

    fn stage(
        &mut self,
        endpoint: &Endpoint,
        peer: SocketAddr,
        path_device: &[u8],
        body: &[u8],
        now: Instant,
    ) -> Result<Taken<S::Staged>, Rejection> {
        if endpoint.open_exchanges() >= self.uncommitted_messages {
            self.counters.overloaded.increment();
            return Err(reject(Code::SERVICE_UNAVAILABLE, "overloaded"));
        }
        let signed = security::open(body).map_err(|error| self.unreadable(peer, body, error))?;
        let principal = self.verify(peer, path_device, body, &signed)?;
        let topic = format!("devices/{}/telemetry", signed.kid);
        match self.access.publish_right(&principal, &topic) {
            Ok(PublishRight::Telemetry) => {}
            Ok(PublishRight::Route) => {
                let refusal = Refusal::new(RefusalKind::NotAuthorized, "it may not publish there");
                return Err(self.refused(peer, body, &signed.kid, &refusal));
            }
            Err(denial) => {
                return Err(self.refused(peer, body, &signed.kid, &denial.refusal));
            }
        }
        if !self.devices.take(signed.kid.clone(), now) {
            self.counters.device_limited.increment();
            return Err(reject(Code::TOO_MANY_REQUESTS, "too many"));
        }
        let message = InboundMessage {
            topic: &topic,
            payload: signed.payload,
            content_type: signed.format.map(|format| format.content_type()),
            resent: Resent::No,
            transport: Transport::Coap,
            peer,
            signed: Some(SignedHeader {
                boot_epoch: signed.boot_epoch,
                sequence: signed.sequence,
                time: signed.time,
                bytes: body,
            }),
        };
        let body_digest = Sha256::digest(body).into();
        match self.sink.stage(&principal, &message) {
            Ok(staged) => Ok(Taken::Staged(body_digest, staged)),
            Err(fault) => match self.receipts.find(&body_digest) {
                Some(known) if matches!(fault, SinkFault::Replayed) => {
                    self.counters.repeated_messages.increment();
                    Ok(Taken::Before(known.clone()))
                }
                _ => Err(self.fault(peer, body, &signed.kid, &fault)),
            },
        }
    }

    fn verify(
        &self,
        peer: SocketAddr,
        path_device: &[u8],
        body: &[u8],
        signed: &SignedMessage<'_>,
    ) -> Result<A::Principal, Rejection> {
        if path_device != signed.kid.as_str().as_bytes() {
            let refusal = Refusal::new(
                RefusalKind::NotAuthorized,
                "the kid is not the device of the path",
            );
            return Err(self.refused(peer, body, &signed.kid, &refusal));
        }
        let signed_bytes = signed.signed_bytes(&signed.kid);
        self.access
            .verify(&SignatureAttempt {
                peer,
                listener: Listener::Coap,
                kid: signed.kid.as_str(),
                signed_bytes: &signed_bytes,
                signature: signed.signature,
            })
            .map_err(|refusal| self.refused(peer, body, &signed.kid, &refusal))
    }

    fn unreadable(&self, peer: SocketAddr, body: &[u8], error: SecurityError) -> Rejection {
        self.counters.unreadable_signatures.increment();
        self.record(peer, None, body, EventKind::ProtocolError, &error.to_string(), {
            "send a COSE_Sign1 as the documents show: content format 18, Ed25519, kid, -70001, -70002"
        });
        match error {
            SecurityError::ContentFormat => {
                reject(Code::UNSUPPORTED_CONTENT_FORMAT, "110, 112 or 50")
            }
            _ => reject(Code::BAD_REQUEST, "COSE_Sign1"),
        }
    }

    /// An unknown device, a revoked one and a forged signature get the same
    /// answer, so that nobody learns which ids exist; the operator sees why.
    fn refused(
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
    fn fault(&self, peer: SocketAddr, body: &[u8], kid: &DeviceId, fault: &SinkFault) -> Rejection {
        let text = with_causes(fault);
        match fault {
            SinkFault::NotAdmitted(refusal) => self.refused(peer, body, kid, refusal),
            SinkFault::Denied(denial) => self.refused(peer, body, kid, &denial.refusal),
            SinkFault::Stopping => reject(Code::SERVICE_UNAVAILABLE, ""),
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

    fn record(
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
