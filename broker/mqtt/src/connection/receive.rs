//! From the socket to the session, the access control and the sink.

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use domain::Timestamp;
use domain::batch::Resent;
use tokio::task::spawn_local;
use transport::{
    AccessControl, EventKind, InboundMessage, MessageSink, Preparation, PublishRight, Realm,
};

use super::end::End;
use super::postponed::Postponed;
use super::state::{Served, State};
use super::{Connection, WorkerContext};
use crate::codec::frame;
use crate::codec::{self, DecodeError, Frame, Properties, Property, Publish, Qos};
use crate::context::Services;
use crate::message::Message;
use crate::session::{Action, Held, Violation};

/// What a connection may read before others have their turn, in bytes.
const TURN_BYTES: usize = 64 * 1024;

/// Why reading stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// The socket is empty, the connection pauses, or it is over.
    Waiting,
    /// The turn is over and the socket may hold more.
    More,
}

/// One wake-up's worth of packets.
pub(super) struct Batch {
    pub(super) now: Instant,
    pub(super) generation: u64,
    pub(super) messages: u64,
    pub(super) staged: usize,
    pub(super) denied: u64,
    pub(super) too_large: u64,
    /// Answers that wait for the store.
    pub(super) held: Held,
    /// Deliveries that could not go out may go now.
    deliver: bool,
    /// It subscribes faster than it may: nothing more is handled so long.
    pub(super) rest: Option<Duration>,
    /// When the message that is handled came, where it has waited.
    pub(super) received: Option<Timestamp>,
    /// The last message is not staged: nothing more is handled until then.
    pub(super) preparation: Option<Preparation>,
}

impl<S: Services> Connection<S> {
    pub(super) fn read(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        cx: &mut Context<'_>,
    ) -> Progress {
        let buffer = &mut *worker.read_buffer.borrow_mut();
        let out = &mut *worker.scratch.borrow_mut();
        out.clear();
        let mut batch = Batch {
            now: Instant::now(),
            generation: worker.services.access().generation(),
            messages: 0,
            staged: 0,
            denied: 0,
            too_large: 0,
            held: Held::default(),
            deliver: false,
            rest: None,
            received: None,
            preparation: None,
        };
        let mut filled = state.tail.len();
        buffer[..filled].copy_from_slice(&state.tail);
        let mut received = 0;
        let mut unhandled = std::mem::take(&mut state.has_unhandled);
        let progress = loop {
            // What was read before the connection paused comes first.
            if !std::mem::take(&mut unhandled) {
                match state.stream.poll_read(cx, &mut buffer[filled..]) {
                    Poll::Pending => break Progress::Waiting,
                    Poll::Ready(Err(error)) => {
                        state.lost(&error);
                        break Progress::Waiting;
                    }
                    Poll::Ready(Ok(0)) => {
                        state.close(End::closed_by_peer());
                        break Progress::Waiting;
                    }
                    Poll::Ready(Ok(count)) => {
                        received += count;
                        filled += count;
                    }
                }
            }
            let used = self.packets(state, worker, &buffer[..filled], &mut batch, out);
            buffer.copy_within(used..filled, 0);
            filled -= used;
            if state.is_over() {
                break Progress::Waiting;
            }
            if state.is_paused(worker.config()) {
                state.has_unhandled = filled > 0;
                break Progress::Waiting;
            }
            if received >= TURN_BYTES || out.len() >= worker.config().unsent_bytes {
                break Progress::More;
            }
        };
        state.keep_tail(&buffer[..filled]);
        self.finish_batch(state, worker, batch, received, out);
        progress
    }

    fn finish_batch(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        batch: Batch,
        received: usize,
        out: &mut Vec<u8>,
    ) {
        self.counters.bytes_in.add(received as u64);
        self.counters.bytes_out.add(out.len() as u64);
        self.counters.messages_in.add(batch.messages);
        self.counters.publishes_denied.add(batch.denied);
        self.counters.publishes_too_large.add(batch.too_large);
        if batch.staged > 0 {
            worker.commits.owned_by(self, batch.staged);
        }
        if let Some(served) = &state.served {
            self.hold(worker, served, batch.held);
            served.attachment.messages_in.add(batch.messages);
            if let Some(agency) = &served.attachment.agency {
                agency.messages_in.add(batch.messages);
            }
            // The clients of the unprotected realm are nobody's in particular.
            if served.endpoint.realm == Realm::Platform {
                let now = worker.shared.nanos(batch.now);
                let (messages, pace) = (batch.messages, worker.config().message_pace());
                if let Some(rest) = served.endpoint.account.messages.take(messages, now, pace) {
                    self.rest(state, rest);
                }
            }
        }
        state.write(out);
        if batch.deliver && !state.is_over() {
            self.deliver_into(state, worker, out);
        }
    }

    /// Reads no more for a while: it, or its owner, is faster than it may be.
    fn rest(self: &Rc<Self>, state: &mut State<S>, rest: Duration) {
        let until = Instant::now() + rest;
        let rests = state.rests_until.is_some();
        state.rests_until = state.rests_until.max(Some(until));
        if rests {
            return;
        }
        let connection = self.clone();
        spawn_local(async move {
            loop {
                let until = connection.state.borrow().rests_until;
                let Some(until) = until.filter(|until| *until > Instant::now()) else {
                    break;
                };
                tokio::time::sleep_until(until.into()).await;
            }
            let state = &mut *connection.state.borrow_mut();
            state.rests_until = None;
            if let Some(served) = &mut state.served {
                served.session.is_not_read(Instant::now());
            }
            state.wake();
        });
    }

    /// Handles the whole packets at the front and returns their bytes.
    fn packets(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        bytes: &[u8],
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) -> usize {
        let mut used = 0;
        let waits = |it: &State<S>| it.rests_until.is_some() || it.held_back.is_some();
        while !state.is_over() && !state.is_held() && !waits(state) {
            let max_packet = match state.served {
                Some(_) => worker.config().max_packet,
                None => worker.config().max_packet_before_connect,
            };
            if let Some(oversized) = &mut state.oversized {
                used += oversized.drop_from(&bytes[used..]);
                if !oversized.is_over() {
                    break;
                }
                if !self.hold_back_if_full(state, worker) {
                    self.end_oversized(state, worker, &bytes[used..], batch, out);
                }
                continue;
            }
            if state.postponed.is_some() && self.hold_back_if_full(state, worker) {
                break;
            }
            if let Some(postponed) = state.postponed.take() {
                self.publish_postponed(state, worker, postponed, batch, out);
                continue;
            }
            let rest = &bytes[used..];
            let handled = match frame::read(rest, max_packet) {
                Ok(None) => break,
                Ok(Some(frame)) if is_publish(&frame) && self.hold_back_if_full(state, worker) => {
                    break;
                }
                Ok(Some(frame)) => {
                    used += frame.total;
                    match &mut state.served {
                        None => {
                            self.greet(state, worker, &frame, out);
                            batch.deliver |= state.served.is_some();
                            Ok(())
                        }
                        Some(served) => {
                            let handled = self.packet(served, worker, &frame, batch, out);
                            if let Some(preparation) = batch.preparation.take() {
                                let received = worker.services.sink().now();
                                let postponed = Postponed::new(&frame, received);
                                self.postpone(state, postponed, preparation);
                            }
                            handled
                        }
                    }
                }
                Err(DecodeError::TooLarge { .. }) => {
                    match self.begin_oversized(state, worker, rest) {
                        Ok(Some(count)) => {
                            used += count;
                            Ok(())
                        }
                        Ok(None) => break,
                        Err(end) => Err(end),
                    }
                }
                Err(error) => Err(End::violation(error.into())),
            };
            if let Some(rest) = batch.rest.take() {
                self.rest(state, rest);
            }
            self.end_if_err(state, worker, handled, rest, out);
        }
        used
    }

    pub(super) fn end_if_err(
        &self,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        handled: Result<(), End>,
        rest: &[u8],
        out: &mut Vec<u8>,
    ) {
        let Err(end) = handled else { return };
        // Answers to packets before this one go out first.
        state.write(out);
        out.clear();
        let fault = end.kind == EventKind::ProtocolError;
        self.counters.protocol_errors.add(u64::from(fault));
        let end = match state.served {
            Some(_) => end.with_head(rest),
            // It may be a CONNECT, and hold a password.
            None => end,
        };
        self.close_with(state, worker, end);
    }

    #[inline]
    fn packet(
        self: &Rc<Self>,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        frame: &Frame<'_>,
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) -> Result<(), End> {
        let session = &mut served.session;
        let action = codec::decode_frame(frame, session.protocol())
            .map_err(Violation::from)
            .and_then(|packet| session.handle(packet, batch.now, out, &mut batch.held))
            .map_err(End::violation)?;
        match action {
            Action::None => Ok(()),
            Action::Publish(publish) => {
                batch.messages += 1;
                self.publish(served, worker, &publish, batch, out)
            }
            Action::Subscribe(subscribe) => {
                batch.deliver = true;
                self.subscribe(served, worker, &subscribe, batch, out)
            }
            Action::Unsubscribe(unsubscribe) => {
                self.unsubscribe(served, worker, &unsubscribe, batch, out);
                Ok(())
            }
            Action::Reauthenticate(auth) => self.reauthenticate(served, worker, &auth, out),
            Action::WindowOpened => {
                batch.deliver |= served.blocked;
                Ok(())
            }
            Action::Disconnect => Err(End::goodbye()),
        }
    }

    /// Stages it, routes it or refuses it; or leaves `batch` what has to come
    /// before.
    pub(super) fn publish(
        &self,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        publish: &Publish<'_>,
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) -> Result<(), End> {
        let topic = served.session.topic_of(publish);
        let right = match served.session.known_right(topic, batch.generation) {
            Some(right) => right,
            None => self.ask_right(served, worker, publish, batch)?,
        };
        match right {
            Ok(PublishRight::Telemetry) => {
                let message = self.inbound(served, publish, batch.received);
                match worker.services.sink().stage(&served.principal, &message) {
                    // QoS 0 asks for no proof: it joins the next group.
                    Ok(_) if publish.qos == Qos::AtMostOnce => Ok(()),
                    Ok(staged) => {
                        worker.commits.stage(staged);
                        batch.staged += 1;
                        served.session.staged(publish);
                        Ok(())
                    }
                    Err(why) => self.not_staged(served, worker, publish, why, batch, out),
                }
            }
            Ok(PublishRight::Ask) => self.ask(served, worker, publish, batch, out),
            Ok(PublishRight::Route) => {
                let topic = served.session.topic_of(publish);
                let message = Message::from_publish(topic, publish, batch.now);
                let routed = worker.shared.router.route(message, &served.endpoint);
                served.session.routed(publish, &routed, out);
                Ok(())
            }
            Err(leaves) => self.refuse(served, worker, publish, leaves, batch, out),
        }
    }

    /// A message as the sink takes it.
    #[inline]
    pub(super) fn inbound<'a>(
        &self,
        served: &'a Served<S>,
        publish: &Publish<'a>,
        received: Option<Timestamp>,
    ) -> InboundMessage<'a> {
        InboundMessage {
            topic: served.session.topic_of(publish),
            payload: publish.payload,
            content_type: content_type(publish.properties),
            resent: if publish.duplicate {
                Resent::Maybe
            } else {
                Resent::No
            },
            transport: self.counters.listener.transport(),
            peer: self.peer,
            received,
            signed: None,
        }
    }
}

fn is_publish(frame: &Frame<'_>) -> bool {
    frame.first >> 4 == codec::kind::PUBLISH
}

fn content_type(properties: Properties<'_>) -> Option<&str> {
    if properties.is_empty() {
        return None;
    }
    properties.iter().find_map(|property| match property {
        Property::ContentType(text) => Some(text),
        _ => None,
    })
}
