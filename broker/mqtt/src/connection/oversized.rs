//! Publishes that are larger than is taken: read to their end without being
//! kept, and answered. Common clients heed no maximum, and a connection that
//! is closed on them sends the same again, for ever. What is larger still, or
//! no publish, ends the connection.

use transport::{
    AccessControl, ConnectionEvent, EVENT_HEAD_BYTES, EventKind, PublishRight, Realm, RejectCause,
};

use super::end::End;
use super::receive::Batch;
use super::state::{Served, State};
use super::{Connection, WorkerContext};
use crate::codec::frame::{self, Header};
use crate::codec::{self, DecodeError, Frame, Publish, ReasonCode, kind, publish};
use crate::context::Services;
use crate::session::{Action, Violation};

/// A packet that is being dropped.
#[derive(Debug)]
pub(super) struct Oversized {
    header: Header,
    /// The beginning of its body: all that stands before the payload, and
    /// [`EVENT_HEAD_BYTES`] of that.
    beginning: Box<[u8]>,
    /// Bytes that have not come yet.
    left: usize,
}

impl Oversized {
    /// Takes what belongs to it and tells how much that was.
    pub(super) fn drop_from(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.left);
        self.left -= count;
        count
    }

    pub(super) fn is_over(&self) -> bool {
        self.left == 0
    }
}

impl<S: Services> Connection<S> {
    /// `bytes` begin with a packet that is too large. How many of them were
    /// used; `None` where more are needed.
    #[cold]
    pub(super) fn begin_oversized(
        &self,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        bytes: &[u8],
    ) -> Result<Option<usize>, End> {
        let config = worker.config();
        let violation = |error: DecodeError| End::violation(error.into());
        let too_large = |header: Header| {
            violation(DecodeError::TooLarge {
                bytes: header.total,
                limit: config.max_packet,
            })
        };
        let Some(header) = frame::header(bytes).map_err(violation)? else {
            return Ok(None);
        };
        let is_dropped =
            header.first >> 4 == kind::PUBLISH && header.total <= config.dropped_packet;
        // The unprotected realm keeps to the letter of MQTT 5, 3.2.2.3.6: the
        // suites look for it.
        let served = state.served.as_deref();
        let Some(served) = served.filter(|it| is_dropped && it.endpoint.realm == Realm::Platform)
        else {
            return Err(too_large(header));
        };
        let body = &bytes[header.length..];
        let protocol = served.session.protocol();
        let head = publish::head_length(header.first & 0x0F, body, protocol).map_err(violation)?;
        let beginning = match head {
            Some(length) => length + EVENT_HEAD_BYTES,
            None => usize::MAX,
        };
        if body.len() < beginning {
            // Topic and properties alone are more than a packet may have.
            return if body.len() < config.max_packet {
                Ok(None)
            } else {
                Err(too_large(header))
            };
        }
        let used = header.length + beginning;
        state.oversized = Some(Box::new(Oversized {
            header,
            beginning: body[..beginning].into(),
            left: header.total.saturating_sub(used),
        }));
        Ok(Some(used))
    }

    /// All of it has come; `rest` comes after it.
    #[cold]
    pub(super) fn end_oversized(
        &self,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        rest: &[u8],
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) {
        if let (Some(oversized), Some(served)) = (state.oversized.take(), &mut state.served) {
            let handled = self.publish_oversized(served, worker, &oversized, batch, out);
            self.end_if_err(state, worker, handled, rest, out);
        }
    }

    fn publish_oversized(
        &self,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        oversized: &Oversized,
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) -> Result<(), End> {
        let frame = Frame {
            first: oversized.header.first,
            body: &oversized.beginning,
            total: oversized.header.total,
        };
        let session = &mut served.session;
        let action = codec::decode_frame(&frame, session.protocol())
            .map_err(Violation::from)
            .and_then(|packet| session.handle(packet, batch.now, out, &mut batch.held))
            .map_err(End::violation)?;
        let Action::Publish(publish) = action else {
            // One of QoS 2 that came before was answered before.
            return Ok(());
        };
        batch.messages += 1;
        batch.too_large += 1;
        let topic = served.session.topic_of(&publish);
        let right = match served.session.known_right(topic, batch.generation) {
            Some(right) => right,
            None => self.ask_right(served, worker, &publish, batch)?,
        };
        let reason = ReasonCode::PAYLOAD_FORMAT_INVALID;
        match right {
            Ok(right) => {
                self.record_too_large(served, worker, &publish, oversized);
                match right {
                    PublishRight::Telemetry => {
                        let why = (RejectCause::TooLarge, reason);
                        self.reject(served, worker, &publish, why, batch)
                    }
                    PublishRight::Route | PublishRight::Ask => {
                        served
                            .session
                            .refused(&publish, reason, out, &mut batch.held);
                        Ok(())
                    }
                }
            }
            Err(leaves) => self.refuse(served, worker, &publish, leaves, batch, out),
        }
    }

    fn record_too_large(
        &self,
        served: &Served<S>,
        worker: &WorkerContext<S>,
        publish: &Publish<'_>,
        oversized: &Oversized,
    ) {
        let reason = format!(
            "a message of {} bytes; at most {} are taken, 65,536 of them payload",
            oversized.header.total,
            worker.config().max_packet
        );
        worker.services.access().record(ConnectionEvent {
            login: served.attachment.login.as_deref(),
            peer: self.peer,
            listener: self.counters.listener,
            kind: EventKind::TooLarge,
            reason: reason.into(),
            cure: "send fewer observations in a message: at most 64 KiB and 1,000 of them",
            head: publish.payload,
        });
    }
}
