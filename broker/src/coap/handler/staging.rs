//! From a message that was let in to the sink, at once or later: where the sink
//! has to write something first, nobody else waits. CoAP has no order between
//! two requests, and this one gets its empty ACK and its answer as any other.

use std::time::Instant;

use domain::Transport;
use domain::batch::Resent;

use super::{Handler, Origin, Sender, Waiting};
use crate::coap::access::CoapAccess;
use crate::coap::message::Code;
use crate::coap::security::{self, SignedMessage};
use crate::sink::{InboundMessage, MessageSink, NotStaged, Preparation, SignedHeader, SinkFault};

/// What a message is staged of when it can be.
pub(super) struct Later<P> {
    pub(super) principal: P,
    pub(super) topic: String,
    pub(super) body: Box<[u8]>,
    pub(super) preparation: Preparation,
}

/// A message that was let in and is not staged.
pub(in crate::coap) struct Postponed<P> {
    origin: Origin,
    principal: P,
    topic: String,
    body: Box<[u8]>,
}

impl<A: CoapAccess, S: MessageSink<A::Principal>> Handler<A, S> {
    /// Hands a message that was let in to the sink.
    pub(super) fn stage_signed(
        &mut self,
        sender: Sender<'_>,
        topic: &str,
        principal: &A::Principal,
        body: &[u8],
        signed: &SignedMessage<'_>,
        now: Instant,
    ) -> Result<S::Staged, NotStaged> {
        let message = InboundMessage {
            topic,
            payload: signed.payload,
            content_type: signed.format.map(|format| format.content_type()),
            resent: Resent::No,
            transport: Transport::Coap,
            peer: sender.peer,
            signed: Some(SignedHeader {
                boot_epoch: signed.boot_epoch,
                sequence: signed.sequence,
                time: signed.time,
                bytes: body,
            }),
        };
        let staged = self.sink.stage(principal, &message);
        match &staged {
            // Only now: a message that was overheard verifies as well.
            Ok(_) => self.failed_checks.proved(sender.source(), sender.device),
            // Whoever has overheard a message can send it again: that takes
            // nothing from the device, and is no way in.
            Err(NotStaged::Fault(SinkFault::Replayed)) => {
                self.devices.give_back(sender.device);
                self.failed_checks
                    .failed(sender.source(), sender.device, true, now);
            }
            Err(_) => {}
        }
        staged
    }

    pub(super) fn postpone(&mut self, origin: Origin, later: Later<A::Principal>) {
        let postponed = Postponed {
            origin,
            principal: later.principal,
            topic: later.topic,
            body: later.body,
        };
        self.postponed.push((postponed, later.preparation));
    }

    /// Stages it, or says with what code it is answered.
    pub(in crate::coap) fn prepared(
        &mut self,
        postponed: Postponed<A::Principal>,
        result: Result<(), SinkFault>,
        now: Instant,
    ) -> Result<(), (Origin, Code)> {
        let Postponed {
            origin,
            principal,
            topic,
            body,
        } = postponed;
        let (peer, device) = (origin.key.peer, origin.device.clone());
        let sender = Sender {
            peer,
            device: &device,
        };
        let staged = match (result, security::open(&body)) {
            (Ok(()), Ok(signed)) => {
                self.stage_signed(sender, &topic, &principal, &body, &signed, now)
            }
            (Err(fault), _) => Err(NotStaged::Fault(fault)),
            // It could be read before.
            (_, Err(error)) => return Err((origin, self.unreadable(sender, &body, error).code)),
        };
        match staged {
            Ok(staged) => {
                self.staged.push(Waiting { origin, staged });
                Ok(())
            }
            Err(NotStaged::Later(preparation)) => {
                let later = Later {
                    principal,
                    topic,
                    body,
                    preparation,
                };
                self.postpone(origin, later);
                Ok(())
            }
            Err(NotStaged::Fault(fault)) => {
                let rejection = self.fault(peer, &body, &device, &fault);
                Err((origin, rejection.code))
            }
        }
    }
}
