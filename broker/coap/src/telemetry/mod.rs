//! One request on its way to the sink: path, blocks, signature, right, quota.

mod refusal;
mod staging;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use domain::{DeviceId, DeviceTopic};
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

pub(super) use staging::Postponed;
use staging::{Later, Unstaged};
use transport::{
    EventKind, Listener, MessageSink, NotStaged, Preparation, PublishRight, Refusal, RefusalKind,
};

use crate::access::{SignatureAttempt, SignatureCheck};
use crate::config::Config;
use crate::exchange::{Answer, BlockStep, ExchangeKey, Exchanges, Request};
use crate::limits::{Buckets, FailedChecks, Shares, source};
use crate::message::Code;
use crate::receipt::{BodyDigest, Known, RememberedReceipts};
use crate::request::{self, Rejection, TelemetryRequest};
use crate::security::{self, MessageForm, SignedMessage};
use crate::stats::Counters;

/// A staged message that waits for its commit.
pub(super) struct Waiting<T> {
    pub(super) origin: Origin,
    pub(super) staged: T,
}

/// Whom the answer is for, and how it is to look.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) key: ExchangeKey,
    pub(super) body_digest: BodyDigest,
    pub(super) device: DeviceId,
    pub(super) form: MessageForm,
}

/// Who sends, and the device that the request's path names.
#[derive(Clone, Copy)]
struct Sender<'a> {
    peer: SocketAddr,
    device: &'a DeviceId,
}

impl Sender<'_> {
    fn source(self) -> IpAddr {
        source(self.peer.ip())
    }
}

/// How far a message came.
enum Taken<T, P> {
    Staged(BodyDigest, MessageForm, T),
    /// The sink has to write something first, for it or for one of its device
    /// before it.
    Later(BodyDigest, MessageForm, Later<P>),
    /// These very bytes came before, in another request.
    Before(Known),
}

pub(super) struct Telemetry<A: SignatureCheck, S: MessageSink<A::Principal>> {
    access: Arc<A>,
    sink: Arc<S>,
    devices: Buckets<DeviceId>,
    failed_checks: FailedChecks,
    unchecked_cost: u32,
    /// Of signatures that are tried without external_aad.
    diagnoses: Buckets<()>,
    pub(super) receipts: RememberedReceipts,
    uncommitted: Shares<DeviceId>,
    counters: Arc<Counters>,
    /// What the next commit takes.
    pub(super) staged: Vec<Waiting<S::Staged>>,
    /// What waits for the sink, from now on.
    pub(super) postponed: Vec<(Postponed<A::Principal>, Preparation)>,
    /// By each device one of whose messages waits for the sink: those that came
    /// after it. Bounded as [`Self::uncommitted`] is.
    after_postponed: FxHashMap<DeviceId, VecDeque<Postponed<A::Principal>>>,
}

/// Signatures that are tried without external_aad after a rest.
const DIAGNOSES_AT_ONCE: u32 = 5;

const fn reject(code: Code, diagnostic: &'static str) -> Rejection {
    Rejection { code, diagnostic }
}

impl<A: SignatureCheck, S: MessageSink<A::Principal>> Telemetry<A, S> {
    pub(super) fn new(
        access: Arc<A>,
        sink: Arc<S>,
        config: &Config,
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
            failed_checks: FailedChecks::new(config),
            unchecked_cost: config.unchecked_cost,
            diagnoses: Buckets::new(config.diagnosis_rate, DIAGNOSES_AT_ONCE, 1),
            receipts: RememberedReceipts::new(
                config.remembered_receipts,
                config.remembered_receipts_per_device,
            ),
            uncommitted: Shares::new(config.uncommitted_messages_per_device),
            counters,
            staged: Vec::new(),
            postponed: Vec::new(),
            after_postponed: FxHashMap::default(),
        }
    }

    /// Takes a request as far as the sink. What is returned is sent at once.
    pub(super) fn handle(
        &mut self,
        exchanges: &mut Exchanges,
        request: &Request<'_>,
        now: Instant,
    ) -> Option<Bytes> {
        let telemetry = match request::read(&request.message) {
            Ok(telemetry) => telemetry,
            Err(rejection) => {
                self.counters.rejected_requests.increment();
                return exchanges.reject(request, rejection, None);
            }
        };
        let Ok(device) = DeviceId::new(telemetry.device) else {
            self.counters.rejected_requests.increment();
            let rejection = reject(Code::NOT_FOUND, "no device's id");
            return exchanges.reject(request, rejection, None);
        };
        let sender = Sender {
            peer: request.key.peer,
            device: &device,
        };
        let taken = self
            .admit(exchanges, sender, now)
            .and_then(|()| self.body(exchanges, request, &telemetry, now))
            .and_then(|body| self.stage(exchanges, sender, &body, now));
        match taken {
            Ok(Taken::Staged(body_digest, form, staged)) => {
                exchanges.begin(request, telemetry.block, now);
                let origin = self.begin(request.key, body_digest, device, form);
                self.staged.push(Waiting { origin, staged });
                None
            }
            Ok(Taken::Later(body_digest, form, later)) => {
                exchanges.begin(request, telemetry.block, now);
                let origin = self.begin(request.key, body_digest, device, form);
                self.postpone(origin, later);
                None
            }
            Ok(Taken::Before(Known::Durable { code, receipt })) => {
                exchanges.begin(request, telemetry.block, now);
                let answer = Answer {
                    code,
                    receipt: &receipt,
                };
                exchanges.finish(request.key, &answer, now)
            }
            // Its answer goes to the first request; this one may ask again.
            Ok(Taken::Before(Known::UnderWay)) => None,
            Err(rejection) => exchanges.reject(request, rejection, telemetry.block),
        }
    }

    /// A message is under way; [`Self::settled`] ends that.
    fn begin(
        &mut self,
        key: ExchangeKey,
        body_digest: BodyDigest,
        device: DeviceId,
        form: MessageForm,
    ) -> Origin {
        self.receipts.begin(body_digest, &device);
        self.uncommitted.take(device.clone());
        Origin {
            key,
            body_digest,
            device,
            form,
        }
    }

    /// A message is durable now, or will not be.
    pub(super) fn settled(&mut self, device: &DeviceId) {
        self.uncommitted.release(device);
    }

    /// Before anything is kept or verified: whether so much failed of late that
    /// this is not looked at.
    fn admit(
        &mut self,
        exchanges: &mut Exchanges,
        sender: Sender<'_>,
        now: Instant,
    ) -> Result<(), Rejection> {
        if self
            .failed_checks
            .admits(sender.source(), sender.device, now)
        {
            return Ok(());
        }
        self.counters.unchecked.increment();
        exchanges.charge(sender.peer, self.unchecked_cost);
        if self.failed_checks.tell(sender.source(), now) {
            self.record(sender.peer, Some(sender.device), &[], EventKind::Refused, {
                "too much from this address, or in this device's name, did not verify: its next messages are not looked at for a few seconds"
            }, {
                "mend what the refusals before this one tell; a device that has proved itself from its own address is not touched by it"
            });
        }
        Err(reject(Code::TOO_MANY_REQUESTS, "failed too often"))
    }

    /// The whole body, where this was all of it; 2.31 is a rejection too.
    fn body<'a>(
        &self,
        exchanges: &mut Exchanges,
        request: &Request<'a>,
        telemetry: &TelemetryRequest<'_>,
        now: Instant,
    ) -> Result<Cow<'a, [u8]>, Rejection> {
        let payload = request.message.payload;
        let Some(block) = telemetry.block else {
            return Ok(Cow::Borrowed(payload));
        };
        let peer = request.key.peer;
        match exchanges
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
        exchanges: &Exchanges,
        sender: Sender<'_>,
        body: &[u8],
        now: Instant,
    ) -> Result<Taken<S::Staged, A::Principal>, Rejection> {
        let peer = sender.peer;
        let has_room = exchanges.has_room(peer) && self.uncommitted.has_room(sender.device);
        if !has_room || self.sink.is_full() {
            self.counters.overloaded.increment();
            return Err(reject(Code::SERVICE_UNAVAILABLE, "overloaded"));
        }
        let signed = security::open(body).map_err(|error| {
            self.failed_checks
                .failed(sender.source(), sender.device, false, now);
            self.unreadable(sender, body, error)
        })?;
        let principal = self.verify(sender, body, &signed, now)?;
        let topic = DeviceTopic::telemetry(&signed.kid).to_string();
        match self.access.publish_right(&principal, &topic) {
            Ok(PublishRight::Telemetry) => {}
            Ok(PublishRight::Route | PublishRight::Ask) => {
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
        let body_digest = Sha256::digest(body).into();
        if let Some(known) = self.receipts.find(&body_digest).cloned() {
            self.counters.repeated_messages.increment();
            self.came_before(sender, now);
            return Ok(Taken::Before(known));
        }
        let unstaged = Unstaged {
            principal: &principal,
            topic: &topic,
            body,
            received: None,
        };
        // What comes later could move the device's window past what waits.
        let preparation = if self.after_postponed.contains_key(sender.device) {
            None
        } else {
            match self.stage_signed(sender, &unstaged, &signed, now) {
                Ok(staged) => return Ok(Taken::Staged(body_digest, signed.form, staged)),
                Err(NotStaged::Later(preparation)) => Some(preparation),
                Err(NotStaged::Fault(fault)) => {
                    return Err(self.fault(peer, body, &signed.kid, &fault));
                }
            }
        };
        let later = Later {
            principal,
            topic,
            body: body.into(),
            received: self.sink.now(),
            preparation,
        };
        Ok(Taken::Later(body_digest, signed.form, later))
    }

    fn verify(
        &mut self,
        sender: Sender<'_>,
        body: &[u8],
        signed: &SignedMessage<'_>,
        now: Instant,
    ) -> Result<A::Principal, Rejection> {
        let (peer, kid) = (sender.peer, &signed.kid);
        if sender.device != kid {
            self.failed_checks
                .failed(sender.source(), sender.device, false, now);
            let refusal = Refusal::new(
                RefusalKind::NotAuthorized,
                "the kid is not the device of the path",
            )
            .with_cure("post to /devices/{id}/telemetry with the same id in `kid`");
            return Err(self.refused(peer, body, kid, &refusal));
        }
        let signed_bytes = signed.signed_bytes(kid);
        let attempt = SignatureAttempt {
            peer,
            listener: Listener::Coap,
            kid: kid.as_str(),
            kind: signed.form.algorithm.kind(),
            signed_bytes: &signed_bytes,
            signature: signed.signature,
        };
        match self.access.verify(&attempt) {
            Ok(principal) => Ok(principal),
            Err(refusal) => {
                let registered = refusal.kind != RefusalKind::UnknownDevice;
                self.failed_checks
                    .failed(sender.source(), kid, registered, now);
                let refusal = self.diagnosed(refusal, &attempt, signed, now);
                Err(self.refused(peer, body, kid, &refusal))
            }
        }
    }

    /// Many COSE libraries sign without external_aad unless they are told
    /// otherwise, which looks like a wrong key. Tried to tell that, seldom, and
    /// never to let the message in.
    fn diagnosed(
        &mut self,
        refusal: Refusal,
        attempt: &SignatureAttempt<'_>,
        signed: &SignedMessage<'_>,
        now: Instant,
    ) -> Refusal {
        if refusal.kind != RefusalKind::BadCredentials || !self.diagnoses.take((), now) {
            return refusal;
        }
        let signed_bytes = signed.signed_without_aad();
        let bare = SignatureAttempt {
            signed_bytes: &signed_bytes,
            ..*attempt
        };
        if self.access.signature_fits(&bare) {
            Refusal::new(
            RefusalKind::BadCredentials,
            "the message is signed with the device's key, but without external_aad",
        )
        .with_cure(
            "give the COSE library as external_aad the CBOR array [\"madang/1\", \"POST\", \"/devices/{id}/telemetry\"] with the device's id; it is part of what is signed, and is not sent",
        )
        } else {
            refusal
        }
    }
}
