//! What the relations of an entity lead to.

use device_registry::Datastream;
use domain::{DatastreamId, Timestamp};
use odata::{EntityType, Relation};

use super::{Observations, Set};
use crate::entity::{Entity, Feature, ObservedProperty};
use crate::world::World;

/// What a relation leads to.
pub(crate) enum Related<'a> {
    One(Option<Entity<'a>>),
    Many(Set<'a>),
}

/// What the relation leads to from an entity.
pub(crate) fn related<'a>(
    world: &World<'a>,
    entity: &Entity<'a>,
    relation: &Relation,
) -> Related<'a> {
    let few = |entities: Vec<Entity<'a>>| Related::Many(Set::Few(relation.target, entities));
    match (entity, relation.target) {
        (Entity::Thing(thing), EntityType::Location) => few(world
            .stay_now(thing)
            .map(Entity::Location)
            .into_iter()
            .collect()),
        (Entity::Thing(thing), EntityType::HistoricalLocation) => few(world
            .stays(thing)
            .into_iter()
            .map(Entity::HistoricalLocation)
            .collect()),
        (Entity::Thing(thing), EntityType::Datastream) => few(world
            .datastreams_of(thing)
            .map(Entity::Datastream)
            .collect()),
        (Entity::Location(stay), EntityType::Thing) => {
            let is_there = stay.until.is_none();
            few(is_there
                .then_some(Entity::Thing(stay.thing))
                .into_iter()
                .collect())
        }
        (Entity::Location(stay), EntityType::HistoricalLocation) => {
            few(vec![Entity::HistoricalLocation(*stay)])
        }
        (Entity::HistoricalLocation(stay), EntityType::Thing) => {
            Related::One(Some(Entity::Thing(stay.thing)))
        }
        (Entity::HistoricalLocation(stay), EntityType::Location) => {
            few(vec![Entity::Location(*stay)])
        }
        (Entity::Datastream(datastream), _) => of_datastream(world, *datastream, relation),
        (Entity::Sensor(device), EntityType::Datastream) => {
            few(world.sent_by(device).map(Entity::Datastream).collect())
        }
        (Entity::ObservedProperty(property), EntityType::Datastream) => {
            Related::Many(Set::DatastreamsOf(*property))
        }
        (Entity::Observation(observed), EntityType::Datastream) => {
            Related::One(Some(Entity::Datastream(observed.datastream)))
        }
        (Entity::Observation(observed), EntityType::Feature) => {
            Related::One(Feature::of(world, observed).map(Entity::Feature))
        }
        (Entity::Feature(feature), _) => of_feature(world, feature, relation),
        _ if relation.many => few(Vec::new()),
        _ => Related::One(None),
    }
}

fn of_datastream<'a>(
    world: &World<'a>,
    datastream: Datastream<'a>,
    relation: &Relation,
) -> Related<'a> {
    let one = match relation.target {
        EntityType::Observation => {
            return Related::Many(Set::Observations(Observations::of(vec![datastream.id])));
        }
        EntityType::Thing => world.thing_of(datastream).map(Entity::Thing),
        EntityType::Sensor => world.sensor(datastream.device.as_str()).map(Entity::Sensor),
        EntityType::ObservedProperty => {
            Some(Entity::ObservedProperty(ObservedProperty::of(datastream)))
        }
        EntityType::Feature => {
            if relation.many {
                let features = Feature::registered(world, datastream);
                let features = features.map(Entity::Feature).collect();
                return Related::Many(Set::Few(relation.target, features));
            }
            Feature::proximate(world, datastream).map(Entity::Feature)
        }
        _ => None,
    };
    if relation.many {
        Related::Many(Set::Few(relation.target, one.into_iter().collect()))
    } else {
        Related::One(one)
    }
}

fn of_feature<'a>(world: &World<'a>, feature: &Feature<'a>, relation: &Relation) -> Related<'a> {
    let mut datastreams: Vec<DatastreamId> = match feature {
        Feature::Registered(feature) => {
            let observing = world.snapshot.observing(feature);
            let seen = observing.filter(|one| world.scope.sees(one));
            seen.map(|one| one.id).collect()
        }
        Feature::Spot(spot) => vec![spot.datastream],
        other => other.thing().map_or_else(Vec::new, |thing| {
            world.datastreams_of(thing).map(|one| one.id).collect()
        }),
    };
    datastreams.sort_unstable();
    datastreams.dedup();
    if relation.target == EntityType::Observation {
        let mut observations = Observations::of(datastreams);
        match feature {
            Feature::Stay(stay) => {
                observations.from = stay.since;
                observations.to = stay.until.unwrap_or(Timestamp::MAX);
            }
            Feature::Spot(spot) => {
                observations.from = spot.time;
                observations.to = Timestamp::from_micros(spot.time.as_micros().saturating_add(1));
            }
            Feature::Registered(_) | Feature::Nowhere(_) => {}
        }
        observations.feature = Some(*feature);
        return Related::Many(Set::Observations(observations));
    }
    let plays_role = |datastream: Datastream<'a>| match relation.name {
        "DatastreamsUltimate" => matches!(feature, Feature::Registered(_)),
        "DatastreamsProximate" => Feature::proximate(world, datastream)
            .is_some_and(|proximate| proximate.id() == feature.id()),
        _ => false,
    };
    let datastreams = datastreams.into_iter();
    let found = datastreams.filter_map(|id| world.datastream(id));
    let found = found.filter(|one| plays_role(*one)).map(Entity::Datastream);
    Related::Many(Set::Few(relation.target, found.collect()))
}
