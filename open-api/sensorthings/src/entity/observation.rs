//! Observations, in their newest revision.

use device_registry::{Datastream, Thing};
use domain::{Location, Offset};
use ingest::StoredObservation;
use odata::Value;
use serde_json::json;

use crate::Error;
use crate::values::{json, text};
use crate::world::World;

/// An observation's id is its frame's offset times this, and its place there.
const PLACES_OF_A_FRAME: u64 = 1_024;

/// One observation of a datastream that may be seen.
#[derive(Clone)]
pub(crate) struct Observed<'a> {
    pub(crate) datastream: Datastream<'a>,
    pub(crate) thing: Option<&'a Thing>,
    pub(crate) stored: StoredObservation,
}

impl<'a> Observed<'a> {
    pub(crate) fn new(world: &World<'a>, stored: StoredObservation) -> Option<Self> {
        let datastream = world.datastream(stored.datastream)?;
        Some(Self {
            datastream,
            thing: world.thing_of(datastream),
            stored,
        })
    }

    pub(super) fn find(world: &World<'a>, id: u64) -> Result<Option<Self>, Error> {
        let offset = Offset::new(id / PLACES_OF_A_FRAME);
        let index = (id % PLACES_OF_A_FRAME) as u16;
        let stored = world.ingest.observation(offset, index)?;
        Ok(stored.and_then(|stored| Self::new(world, stored)))
    }

    pub(crate) fn id(&self) -> u64 {
        self.stored.offset.get() * PLACES_OF_A_FRAME + u64::from(self.stored.index)
    }

    pub(super) fn value(&self, _: &World<'a>, attribute: &str) -> Value<'a> {
        let stored = &self.stored;
        match attribute {
            "phenomenonTime" => Value::Time(stored.time),
            "resultTime" => Value::Time(stored.received),
            "result" => match &stored.value {
                Some(domain::Value::Number(number)) => Value::Number(*number),
                Some(domain::Value::Boolean(truth)) => Value::Bool(*truth),
                Some(domain::Value::Text(text)) => Value::Text(text.to_string().into()),
                None => Value::Null,
            },
            "resultQuality" => text(stored.quality.as_str()),
            "parameters" | "properties" => json(json!({
                "quality": stored.quality.as_str(),
                "revision": stored.revision,
                "offset": stored.offset.get(),
            })),
            _ => Value::Null,
        }
    }
}

/// The place that an observation brought, as it may be seen.
pub(crate) fn observation_place(world: &World<'_>, observed: &Observed<'_>) -> Option<Location> {
    world
        .scope
        .place(&observed.datastream, observed.stored.location)
}
