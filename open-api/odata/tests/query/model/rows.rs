//! Random Datastreams, each with a Thing or none and a few Observations.

use odata::{EntityType, Version};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::World;

#[derive(Debug, Clone)]
pub(crate) struct Datastream {
    pub(crate) id: u8,
    pub(crate) name: Option<String>,
    /// Minutes after the first of the year, start and end.
    pub(crate) phenomenon_time: Option<(u8, u8)>,
    /// Of keys `a`, `b` and `c`, where they are there.
    pub(crate) properties: [Option<Json>; 3],
    /// The Thing's name, where there is a Thing.
    pub(crate) thing: Option<Option<String>>,
    /// Of each Observation.
    pub(crate) results: Vec<Json>,
}

pub(crate) const KEYS: [&str; 3] = ["a", "b", "c"];

pub(crate) fn name() -> impl Strategy<Value = String> {
    "[abA]{0,2}"
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-3..4_i64).prop_map(Json::from),
        (-3..4_i8).prop_map(|half| json!(f64::from(half) + 0.5)),
        name().prop_map(Json::from),
    ]
}

pub(crate) fn datastream() -> impl Strategy<Value = Datastream> {
    (
        0..5_u8,
        option::of(name()),
        option::of((0..6_u8, 0..3_u8)),
        [
            option::of(scalar()),
            option::of(scalar()),
            option::of(scalar()),
        ],
        option::of(option::of(name())),
        vec(scalar(), 0..3),
    )
        .prop_map(|(id, name, time, properties, thing, results)| Datastream {
            id,
            name,
            phenomenon_time: time.map(|(start, length)| (start, start + length)),
            properties,
            thing,
            results,
        })
}

/// The time of so many minutes, as text.
pub(crate) fn minutes(minutes: u8) -> String {
    format!("2026-01-01T00:{minutes:02}:00Z")
}

impl Datastream {
    pub(crate) fn is_instant(&self) -> bool {
        self.phenomenon_time.is_none_or(|(start, end)| start == end)
    }

    /// A world of which it is the first entity.
    pub(crate) fn world(&self) -> World {
        let mut world = World::default();
        let mut attributes = json!({"id": self.id});
        if let Some(name) = &self.name {
            attributes["name"] = json!(name);
        }
        if let Some((start, end)) = self.phenomenon_time {
            attributes["phenomenonTime"] = if start == end {
                json!(minutes(start))
            } else {
                json!(format!("{}/{}", minutes(start), minutes(end)))
            };
        }
        let mut properties = json!({});
        for (key, value) in KEYS.iter().zip(&self.properties) {
            if let Some(value) = value {
                properties[key] = value.clone();
            }
        }
        attributes["properties"] = properties;
        let datastream = world.add(EntityType::Datastream, Version::V1_1, &attributes);
        if let Some(name) = &self.thing {
            let attributes = json!({"name": name});
            let thing = world.add(EntityType::Thing, Version::V1_1, &attributes);
            world.relate(datastream, "Thing", thing);
        }
        for result in &self.results {
            let attributes = json!({"result": result});
            let observation = world.add(EntityType::Observation, Version::V1_1, &attributes);
            world.relate(datastream, "Observations", observation);
        }
        world
    }
}
