//! An applied frame as the messages that subscribers get: the same for those
//! who are there and for those who have missed it.
//!
//! Each observation of a public datastream is one; what was refused of a frame
//! comes after them, for the device and for the gateway that it came through.
//! A message's position is its frame's offset and its number in the frame.

use std::sync::Arc;

use bytes::Bytes;
use device_registry::{Datastream, Registry, Snapshot, Visibility};
use domain::{DatastreamId, DeviceTopic, Rejection};
use ingest::AppliedFrame;
use transport::{LogMessage, LogPosition};

use super::topic;

/// What was refused of a frame comes after its observations: first for the
/// gateway that it came through, then for the device.
const REJECTS_OF_CHILD: u16 = REJECTS - 1;
const REJECTS: u16 = LogPosition::MESSAGES_PER_FRAME as u16 - 1;

/// Whether a message is wanted, by its topic and position. Asked before its
/// payload is made.
pub(super) trait Wanted {
    fn wants(&self, topic: &str, position: LogPosition) -> bool;
}

/// For subscribers whom the broker knows better than we do.
pub(super) struct All;

impl Wanted for All {
    fn wants(&self, _topic: &str, _position: LogPosition) -> bool {
        true
    }
}

/// Topic and unit of each datastream as the public may see it now: made anew
/// when a right changes, and one at a time as they are met.
#[derive(Default)]
pub(super) struct OpenDatastreams {
    generation: Option<u64>,
    snapshot: Arc<Snapshot>,
    /// By the datastream's number.
    met: Vec<Met>,
    /// Where a payload is written before its length is known.
    payload: String,
}

#[derive(Clone, Default)]
enum Met {
    #[default]
    No,
    /// Not for the public.
    Restricted,
    Public(Open),
}

#[derive(Clone)]
struct Open {
    topic: Arc<str>,
    /// As the payload has it.
    unit: Box<str>,
}

impl OpenDatastreams {
    /// Takes changed rights in. Before the first frame of each batch.
    pub(super) fn refresh(&mut self, registry: &Registry) {
        if self.generation != Some(registry.generation()) {
            self.snapshot = registry.snapshot();
            self.generation = Some(self.snapshot.generation());
            self.met.clear();
        }
    }

    /// The wanted observations of a frame.
    pub(super) fn observations(
        &mut self,
        registry: &Registry,
        frame: &AppliedFrame,
        wanted: &impl Wanted,
        messages: &mut Vec<LogMessage>,
    ) {
        let mut payload = std::mem::take(&mut self.payload);
        for observation in &frame.observations {
            let position = LogPosition::new(frame.offset, observation.index);
            let Some(open) = self.open(registry, observation.datastream) else {
                continue;
            };
            if wanted.wants(&open.topic, position) {
                payload.clear();
                topic::push_open_payload(observation, &open.unit, &mut payload);
                messages.push(LogMessage {
                    topic: Arc::clone(&open.topic),
                    payload: Bytes::copy_from_slice(payload.as_bytes()),
                    position,
                });
            }
        }
        self.payload = payload;
    }

    fn open(&mut self, registry: &Registry, id: DatastreamId) -> Option<&Open> {
        let place = id.get() as usize;
        if self.met.len() <= place {
            self.met.resize(place + 1, Met::No);
        }
        if matches!(self.met[place], Met::No) {
            if self.snapshot.datastream(id).is_none() {
                // Registered since: an addition does not change the generation.
                self.snapshot = registry.snapshot();
            }
            self.met[place] = meet(&self.snapshot.datastream(id)?);
        }
        match &self.met[place] {
            Met::Public(open) => Some(open),
            Met::No | Met::Restricted => None,
        }
    }
}

fn meet(datastream: &Datastream) -> Met {
    match datastream.visibility {
        Visibility::Public => Met::Public(Open {
            topic: topic::open(datastream).into(),
            unit: topic::unit_in_payload(datastream.unit).into(),
        }),
        Visibility::Restricted => Met::Restricted,
    }
}

/// What was refused of a frame, where it is wanted.
pub(super) fn rejects(frame: &AppliedFrame, wanted: &impl Wanted, messages: &mut Vec<LogMessage>) {
    if frame.rejections.is_empty() && frame.unreadable.is_none() {
        return;
    }
    let of_child = frame.gateway.as_ref().map(|gateway| {
        let topic = DeviceTopic::rejects(gateway).for_child(&frame.device);
        (topic.to_string(), REJECTS_OF_CHILD)
    });
    let own = (DeviceTopic::rejects(&frame.device).to_string(), REJECTS);
    let mut payload = None;
    for (topic, number) in of_child.into_iter().chain([own]) {
        let position = LogPosition::new(frame.offset, number);
        if wanted.wants(&topic, position) {
            let payload = payload.get_or_insert_with(|| rejects_payload(frame));
            messages.push(LogMessage {
                topic: topic.into(),
                payload: payload.clone(),
                position,
            });
        }
    }
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
