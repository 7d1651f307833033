//! Applied observations on their way to MQTT subscribers.
//!
//! Reads the live stream like any other reader, and only while somebody
//! subscribes: without a subscriber a message costs nothing here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use device_registry::{Datastream, Registry, Snapshot, Visibility};
use domain::{DatastreamId, Rejection};
use ingest::{AppliedFrame, Ingest, StreamItem, StreamStart};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::topic;

/// How long the stream stays open after the last subscriber has left.
const LINGER: Duration = Duration::from_secs(10);
/// Frames fanned out before the subscribers are woken once for all of them.
const FRAMES_PER_WAKE: usize = 256;

/// The broker's side: fans out, and says whether anybody would hear it.
pub trait Subscribers: Send + Sync + 'static {
    fn publish(&self, messages: &mut Vec<(Arc<str>, Bytes)>);
    fn any(&self) -> bool;
}

/// One task; [`Downlink::wanted`] wakes it.
pub struct Downlink {
    ingest: Ingest,
    registry: Arc<Registry>,
    state: Mutex<State>,
    wake: Notify,
}

struct State {
    /// Opened by the first subscriber, so that nothing between its SUBACK and
    /// the task's first look is missed.
    opened: Option<ingest::FrameStream>,
    running: bool,
    last_wanted: Instant,
}

impl Downlink {
    pub fn new(ingest: Ingest, registry: Arc<Registry>) -> Self {
        Self {
            ingest,
            registry,
            state: Mutex::new(State {
                opened: None,
                running: false,
                last_wanted: Instant::now(),
            }),
            wake: Notify::new(),
        }
    }

    /// Somebody is about to subscribe.
    pub fn wanted(&self) {
        let mut state = self.state.lock();
        state.last_wanted = Instant::now();
        if !state.running {
            state.running = true;
            state.opened = Some(self.ingest.stream(StreamStart::Live));
            self.wake.notify_one();
        }
    }

    /// Runs until the process ends.
    pub async fn run(&self, subscribers: impl Subscribers) {
        let mut topics = Topics::default();
        loop {
            let opened = self.state.lock().opened.take();
            match opened {
                Some(stream) => self.fan_out(stream, &subscribers, &mut topics).await,
                None => self.wake.notified().await,
            }
        }
    }

    async fn fan_out(
        &self,
        mut stream: ingest::FrameStream,
        subscribers: &impl Subscribers,
        topics: &mut Topics,
    ) {
        let mut messages = Vec::new();
        while !self.abandoned(subscribers) {
            let Ok(first) = tokio::time::timeout(LINGER, stream.next()).await else {
                continue;
            };
            topics.refresh(&self.registry);
            let mut next = Some(first);
            for _ in 0..FRAMES_PER_WAKE {
                match next {
                    Some(Ok(StreamItem::Frame(frame))) => {
                        topics.messages(&self.registry, &frame, &mut messages);
                    }
                    Some(Ok(StreamItem::Gap { from, to })) => {
                        tracing::warn!(%from, %to, "the live fan-out fell behind the log");
                    }
                    Some(Err(error)) => {
                        tracing::error!(%error, "the live fan-out starts anew");
                        stream = self.ingest.stream(StreamStart::Live);
                    }
                    None => break,
                }
                next = stream.try_next().transpose();
            }
            if let Some(Ok(StreamItem::Frame(frame))) = next {
                topics.messages(&self.registry, &frame, &mut messages);
            }
            subscribers.publish(&mut messages);
        }
    }

    /// Nobody subscribes, and nobody has been about to for a while.
    fn abandoned(&self, subscribers: &impl Subscribers) -> bool {
        let mut state = self.state.lock();
        let abandoned = state.last_wanted.elapsed() > LINGER && !subscribers.any();
        state.running = !abandoned;
        abandoned
    }
}

/// Topic and unit of each public datastream, made anew when a right changes.
#[derive(Default)]
struct Topics {
    generation: Option<u64>,
    snapshot: Arc<Snapshot>,
    open: Vec<Option<Open>>,
}

#[derive(Clone)]
struct Open {
    topic: Arc<str>,
    unit: Option<Box<str>>,
}

impl Topics {
    fn refresh(&mut self, registry: &Registry) {
        let generation = registry.generation();
        if self.generation != Some(generation) {
            self.generation = Some(generation);
            self.snapshot = registry.snapshot();
            self.open.clear();
        }
    }

    fn messages(
        &mut self,
        registry: &Registry,
        frame: &AppliedFrame,
        messages: &mut Vec<(Arc<str>, Bytes)>,
    ) {
        for observation in &frame.observations {
            if let Some(open) = self.open(registry, observation.datastream) {
                let payload = topic::open_payload(observation, open.unit.as_deref());
                messages.push((Arc::clone(&open.topic), Bytes::from(payload)));
            }
        }
        if !frame.rejections.is_empty() || frame.unreadable.is_some() {
            let payload = rejects_payload(frame);
            messages.push((topic::rejects(&frame.device).into(), payload));
        }
    }

    fn open(&mut self, registry: &Registry, id: DatastreamId) -> Option<&Open> {
        let place = id.get() as usize;
        if self.open.len() <= place {
            self.open.resize(place + 1, None);
        }
        if self.open[place].is_none() {
            if self.snapshot.datastream(id).is_none() {
                // Registered since: an addition does not change the generation.
                self.snapshot = registry.snapshot();
            }
            self.open[place] = public(self.snapshot.datastream(id)?);
        }
        self.open[place].as_ref()
    }
}

fn public(datastream: &Datastream) -> Option<Open> {
    (datastream.visibility == Visibility::Public).then(|| Open {
        topic: topic::open(datastream).into(),
        unit: datastream.unit.clone(),
    })
}

fn rejects_payload(frame: &AppliedFrame) -> Bytes {
    let rejected = |rejection: &Rejection| {
        serde_json::json!({
            "index": rejection.index,
            "field": rejection.field,
            "code": rejection.reason.code(),
            "reason": rejection.reason.to_string(),
        })
    };
    let body = serde_json::json!({
        "offset": frame.offset.get(),
        "t": frame.received.to_string(),
        "unreadable": frame.unreadable.map(|error| error.to_string()),
        "rejections": frame.rejections.iter().map(rejected).collect::<Vec<_>>(),
    });
    Bytes::from(body.to_string())
}
