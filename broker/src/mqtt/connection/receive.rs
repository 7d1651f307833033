//! From the socket to the session, the access control and the sink.

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use domain::batch::Resent;

use super::Connection;
use super::end::End;
use super::state::{Served, State};
use crate::access::{AccessControl, ConnectionEvent, EventKind, PublishRight, SubscribeRight};
use crate::listener::worker::{Seams, Worker};
use crate::mqtt::codec::{self, Frame, Properties, Property, Publish, Qos, ReasonCode, Subscribe};
use crate::mqtt::codec::{RetainHandling, frame};
use crate::mqtt::message::{Delivery, Message};
use crate::mqtt::session::{Action, DeliveryQueue, Granted, Violation};
use crate::sink::{InboundMessage, MessageSink, RetainedSource};

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
    messages: u64,
    staged: usize,
    denied: u64,
    /// Deliveries that could not go out may go now.
    deliver: bool,
}

impl<C: Seams> Connection<C> {
    pub(super) fn read(
        self: &Rc<Self>,
        state: &mut State<C>,
        worker: &Worker<C>,
        cx: &mut Context<'_>,
    ) -> Progress {
        let buffer = &mut *worker.read_buffer.borrow_mut();
        let out = &mut *worker.scratch.borrow_mut();
        out.clear();
        let mut batch = Batch {
            now: Instant::now(),
            generation: worker.services.access.generation(),
            messages: 0,
            staged: 0,
            denied: 0,
            deliver: false,
        };
        let mut filled = state.tail.len();
        buffer[..filled].copy_from_slice(&state.tail);
        let mut received = 0;
        let progress = loop {
            match state.transport.poll_read(cx, &mut buffer[filled..]) {
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
            let used = self.packets(state, worker, &buffer[..filled], &mut batch, out);
            buffer.copy_within(used..filled, 0);
            filled -= used;
            if state.is_over() || state.is_paused(worker.config()) {
                break Progress::Waiting;
            }
            if received >= TURN_BYTES || out.len() >= worker.config().unsent_bytes {
                break Progress::More;
            }
        };
        state.keep_tail(&buffer[..filled]);
        self.finish_batch(state, worker, &batch, received, out);
        progress
    }

    fn finish_batch(
        self: &Rc<Self>,
        state: &mut State<C>,
        worker: &Worker<C>,
        batch: &Batch,
        received: usize,
        out: &mut Vec<u8>,
    ) {
        self.counters.bytes_in.add(received as u64);
        self.counters.bytes_out.add(out.len() as u64);
        self.counters.messages_in.add(batch.messages);
        self.counters.publishes_denied.add(batch.denied);
        if let Some(served) = &state.served {
            served.endpoint.messages_in.add(batch.messages);
        }
        if batch.staged > 0 {
            worker.commits.owned_by(self, batch.staged);
        }
        state.write(out);
        if batch.deliver && !state.is_over() {
            self.deliver_into(state, worker, out);
        }
    }

    /// Handles the whole packets at the front and returns their bytes.
    fn packets(
        self: &Rc<Self>,
        state: &mut State<C>,
        worker: &Worker<C>,
        bytes: &[u8],
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) -> usize {
        let mut used = 0;
        while !state.is_over() {
            let max_packet = match state.served {
                Some(_) => worker.config().max_packet,
                None => worker.config().max_packet_before_connect,
            };
            let rest = &bytes[used..];
            let handled = match frame::read(rest, max_packet) {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    used += frame.total;
                    match &mut state.served {
                        None => {
                            self.greet(state, worker, &frame, batch, out);
                            Ok(())
                        }
                        Some(served) => self.packet(served, worker, &frame, batch, out),
                    }
                }
                Err(error) => Err(End::violation(error.into())),
            };
            if let Err(end) = handled {
                // Answers to packets before this one go out first.
                state.write(out);
                out.clear();
                let fault = end.kind == EventKind::ProtocolError;
                self.counters.protocol_errors.add(u64::from(fault));
                state.close(match state.served {
                    Some(_) => end.with_head(rest),
                    // It may be a CONNECT, and hold a password.
                    None => end,
                });
            }
        }
        used
    }

    #[inline]
    fn packet(
        &self,
        served: &mut Served<C>,
        worker: &Worker<C>,
        frame: &Frame<'_>,
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) -> Result<(), End> {
        let session = &mut served.session;
        let action = codec::decode_frame(frame, session.protocol())
            .map_err(Violation::from)
            .and_then(|packet| session.handle(packet, batch.now, out))
            .map_err(End::violation)?;
        match action {
            Action::None => Ok(()),
            Action::Publish(publish) => self.publish(served, worker, &publish, batch, out),
            Action::Subscribe(subscribe) => {
                self.subscribe(served, worker, &subscribe, out);
                batch.deliver = true;
                Ok(())
            }
            Action::Unsubscribe(unsubscribe) => {
                for filter in served.session.unsubscribe(&unsubscribe, out) {
                    worker.shared.router.unsubscribe(&served.endpoint, &filter);
                }
                Ok(())
            }
            Action::WindowOpened => {
                batch.deliver |= served.blocked;
                Ok(())
            }
            Action::Disconnect => Err(End::goodbye()),
        }
    }

    fn publish(
        &self,
        served: &mut Served<C>,
        worker: &Worker<C>,
        publish: &Publish<'_>,
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) -> Result<(), End> {
        batch.messages += 1;
        let topic = served.session.topic_of(publish);
        let right = match served.session.known_right(topic, batch.generation) {
            Some(right) => right,
            None => self.ask_right(served, worker, publish, batch)?,
        };
        match right {
            PublishRight::Telemetry => {
                let message = InboundMessage {
                    topic: served.session.topic_of(publish),
                    payload: publish.payload,
                    content_type: content_type(publish.properties),
                    resent: match publish.duplicate {
                        true => Resent::Maybe,
                        false => Resent::No,
                    },
                    transport: self.counters.listener.transport(),
                    peer: self.peer,
                    signed: None,
                };
                let staged = worker
                    .services
                    .sink
                    .stage(&served.principal, &message)
                    .map_err(|fault| End::sink_fault(&fault))?;
                // QoS 0 asks for no proof: it joins the next group.
                if publish.qos != Qos::AtMostOnce {
                    worker.commits.stage(staged);
                    batch.staged += 1;
                    served.session.staged(publish);
                }
                Ok(())
            }
            PublishRight::Route => {
                let topic = served.session.topic_of(publish);
                let message = Message::from_publish(topic, publish);
                let routed = worker
                    .shared
                    .router
                    .publish([message], Some(&served.endpoint));
                served.session.routed(publish, &routed, out);
                Ok(())
            }
            PublishRight::Denied => {
                batch.denied += 1;
                served
                    .session
                    .refused(publish, ReasonCode::NOT_AUTHORIZED, out)
                    .map_err(End::violation)
            }
        }
    }

    /// A topic for the first time, or for the first time since rights changed.
    /// Only then is a denial recorded: a flood of them is counted.
    #[cold]
    fn ask_right(
        &self,
        served: &mut Served<C>,
        worker: &Worker<C>,
        publish: &Publish<'_>,
        batch: &Batch,
    ) -> Result<PublishRight, End> {
        let topic: Box<str> = served.session.topic_of(publish).into();
        served.session.check_topic(&topic).map_err(End::violation)?;
        let access = &worker.services.access;
        let right = access.publish_right(&served.principal, &topic);
        served
            .session
            .remember_right(&topic, batch.generation, right);
        if right == PublishRight::Denied {
            access.record(ConnectionEvent {
                login: served.endpoint.identity.login.as_deref(),
                peer: self.peer,
                listener: self.counters.listener,
                kind: EventKind::PublishDenied,
                reason: format!("may not publish on {topic}").into(),
                cure: "a device publishes on devices/{its own id}/telemetry",
                head: &[],
            });
        }
        Ok(right)
    }

    fn subscribe(
        &self,
        served: &mut Served<C>,
        worker: &Worker<C>,
        subscribe: &Subscribe<'_>,
        out: &mut Vec<u8>,
    ) {
        let access = &worker.services.access;
        let (principal, endpoint) = (&served.principal, &served.endpoint);
        let right = |filter: &str| {
            let right = access.subscribe_right(principal, filter);
            if right == SubscribeRight::Denied {
                access.record(ConnectionEvent {
                    login: endpoint.identity.login.as_deref(),
                    peer: self.peer,
                    listener: self.counters.listener,
                    kind: EventKind::SubscribeDenied,
                    reason: format!("may not subscribe to {filter}").into(),
                    cure: "an API key subscribes below open/, a device to its own topics",
                    head: &[],
                });
            }
            right
        };
        for granted in served.session.subscribe(subscribe, right, out) {
            worker
                .shared
                .router
                .subscribe(&served.endpoint, &granted.subscription);
            self.queue_retained(served, worker, &granted);
        }
    }

    fn queue_retained(&self, served: &mut Served<C>, worker: &Worker<C>, granted: &Granted) {
        let subscription = &granted.subscription;
        let wanted = match subscription.options.retain_handling {
            RetainHandling::Always => true,
            RetainHandling::OnlyIfNew => granted.is_new,
            RetainHandling::Never => false,
        };
        if !wanted {
            return;
        }
        let config = worker.config();
        let mut queue = served.retained.take();
        let mut dropped = 0;
        let mut visit = |topic: &str, payload| {
            let queue = queue.get_or_insert_with(|| {
                let new = DeliveryQueue::new(config.retained_messages, config.retained_bytes);
                Box::new(new)
            });
            dropped += queue.push(Delivery {
                message: Message::new(topic, payload).into(),
                qos: subscription.options.qos.min(Qos::AtLeastOnce),
                retain: true,
                subscription_ids: subscription.id.into_iter().collect(),
            });
        };
        let source = &worker.services.retained;
        source.retained(&served.principal, &subscription.filter, &mut visit);
        served.retained = queue;
        served.endpoint.drop_counted(dropped);
    }
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
