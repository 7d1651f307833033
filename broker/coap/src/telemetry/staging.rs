//! From a message that was let in to the sink, at once or later: where the sink
//! has to write something first, no other device waits. Later messages of its
//! own do, in order: staged before it, they would move the window of sequences
//! past it, and it would come back as a replay. Each gets its empty ACK and its
//! answer as any other.

use std::time::Instant;

use domain::batch::Resent;
use domain::{DeviceId, Timestamp, Transport};

use super::{Origin, Sender, Telemetry, Waiting};
use crate::access::SignatureCheck;
use crate::message::Code;
use crate::security::{self, SignedMessage};
use transport::{InboundMessage, MessageSink, NotStaged, Preparation, SignedHeader, SinkFault};

/// What a message is staged of.
pub(super) struct Unstaged<'a, P> {
    pub(super) principal: &'a P,
    pub(super) topic: &'a str,
    pub(super) body: &'a [u8],
    /// When it came, where it has waited.
    pub(super) received: Option<Timestamp>,
}

/// The same, kept until it can be.
pub(super) struct Later<P> {
    pub(super) principal: P,
    pub(super) topic: String,
    pub(super) body: Box<[u8]>,
    /// When it came.
    pub(super) received: Timestamp,
    /// None where one of its device's waits already.
    pub(super) preparation: Option<Preparation>,
}

/// A message that was let in and is not staged.
pub(crate) struct Postponed<P> {
    origin: Origin,
    principal: P,
    topic: String,
    body: Box<[u8]>,
    received: Timestamp,
}

impl<A: SignatureCheck, S: MessageSink<A::Principal>> Telemetry<A, S> {
    /// Hands a message that was let in to the sink.
    pub(super) fn stage_signed(
        &mut self,
        sender: Sender<'_>,
        unstaged: &Unstaged<'_, A::Principal>,
        signed: &SignedMessage<'_>,
        now: Instant,
    ) -> Result<S::Staged, NotStaged> {
        let message = InboundMessage {
            topic: unstaged.topic,
            payload: signed.payload,
            content_type: signed.format.map(|format| format.content_type()),
            resent: Resent::No,
            transport: Transport::Coap,
            peer: sender.peer,
            received: unstaged.received,
            signed: Some(SignedHeader {
                boot_epoch: signed.boot_epoch,
                sequence: signed.sequence,
                time: signed.time,
                bytes: unstaged.body,
            }),
        };
        let staged = self.sink.stage(unstaged.principal, &message);
        match &staged {
            // Only now: a message that was overheard verifies as well.
            Ok(_) => self.failed_checks.proved(sender.source(), sender.device),
            Err(NotStaged::Fault(SinkFault::Replayed)) => self.came_before(sender, now),
            Err(_) => {}
        }
        staged
    }

    /// Whoever has overheard a message can send it again: that takes nothing
    /// from the device, and is no way in.
    pub(super) fn came_before(&mut self, sender: Sender<'_>, now: Instant) {
        self.devices.give_back(sender.device);
        self.failed_checks
            .failed(sender.source(), sender.device, true, now);
    }

    pub(super) fn postpone(&mut self, origin: Origin, later: Later<A::Principal>) {
        let after = self.after_postponed.entry(origin.device.clone());
        let after = after.or_default();
        let postponed = Postponed {
            origin,
            principal: later.principal,
            topic: later.topic,
            body: later.body,
            received: later.received,
        };
        match later.preparation {
            Some(preparation) => self.postponed.push((postponed, preparation)),
            None => after.push_back(postponed),
        }
    }

    /// Stages it, and those of its device that came after it. Returns which go
    /// no further, and with what code they are answered.
    pub(crate) fn prepared(
        &mut self,
        postponed: Postponed<A::Principal>,
        result: Result<(), SinkFault>,
        now: Instant,
    ) -> Vec<(Origin, Code)> {
        let device = postponed.origin.device.clone();
        let mut refused = Vec::new();
        let mut next = Some((postponed, result));
        while let Some((postponed, result)) = next {
            match self.stage_postponed(postponed, result, now) {
                Ok(Step::Staged) => {}
                Ok(Step::Waits) => break,
                Err(answer) => refused.push(answer),
            }
            next = self.next_of(&device).map(|it| (it, Ok(())));
        }
        refused
    }

    /// The next one that came after what waited for the sink.
    fn next_of(&mut self, device: &DeviceId) -> Option<Postponed<A::Principal>> {
        let next = self.after_postponed.get_mut(device)?.pop_front();
        if next.is_none() {
            self.after_postponed.remove(device);
        }
        next
    }

    fn stage_postponed(
        &mut self,
        postponed: Postponed<A::Principal>,
        result: Result<(), SinkFault>,
        now: Instant,
    ) -> Result<Step, (Origin, Code)> {
        let Postponed {
            ref origin,
            ref principal,
            ref topic,
            ref body,
            received,
        } = postponed;
        let peer = origin.key.peer;
        let sender = Sender {
            peer,
            device: &origin.device,
        };
        let unstaged = Unstaged {
            principal,
            topic,
            body,
            received: Some(received),
        };
        let staged = match (result, security::open(body)) {
            (Err(fault), _) => Err(NotStaged::Fault(fault)),
            (Ok(()), Ok(_)) if self.sink.is_full() => Err(NotStaged::Fault(SinkFault::Busy)),
            (Ok(()), Ok(signed)) => self.stage_signed(sender, &unstaged, &signed, now),
            // It could be read before.
            (_, Err(error)) => {
                let code = self.unreadable(sender, body, error).code;
                return Err((postponed.origin, code));
            }
        };
        match staged {
            Ok(staged) => {
                let origin = postponed.origin;
                self.staged.push(Waiting { origin, staged });
                Ok(Step::Staged)
            }
            Err(NotStaged::Later(preparation)) => {
                self.postponed.push((postponed, preparation));
                Ok(Step::Waits)
            }
            Err(NotStaged::Fault(fault)) => {
                let code = self.fault(peer, body, &origin.device, &fault).code;
                Err((postponed.origin, code))
            }
        }
    }
}

/// How far a message came that had waited.
enum Step {
    Staged,
    /// The sink has to write something more.
    Waits,
}
