//! The entities of both versions, made from what the platform has: none of them
//! is stored a second time.
//!
//! | Entity | Made from | Id |
//! |---|---|---|
//! | Thing | a thing | its id |
//! | Location, HistoricalLocation | a stay of a thing at a place | the thing's id, and since when |
//! | Datastream | a datastream | its number |
//! | Sensor | the device that sends a datastream | its id |
//! | ObservedProperty | a field of a model | the model's id and the field's name |
//! | Observation | an observation in its newest revision | offset x 1024 + place in its frame |
//! | FeatureOfInterest | the place that the observation brought; or else a feature that was registered; or else where the thing stood | the thing's id and the observation's; `feature:` and its id; that of the stay |

mod datastream;
mod feature;
mod observation;
mod observed_property;
mod sensor;
mod stay;
mod thing;

use device_registry::{Datastream, Device, Thing};
use odata::{Attribute, EntityType, Id, Value};

use crate::world::World;

pub(crate) use feature::Feature;
pub(crate) use observation::{Observed, observation_place};
pub(crate) use observed_property::ObservedProperty;
pub(crate) use stay::Stay;

/// One entity, as the request's caller sees it.
#[derive(Clone)]
pub(crate) enum Entity<'a> {
    Thing(&'a Thing),
    Location(Stay<'a>),
    HistoricalLocation(Stay<'a>),
    Datastream(Datastream<'a>),
    Sensor(&'a Device),
    ObservedProperty(ObservedProperty<'a>),
    Observation(Observed<'a>),
    Feature(Feature<'a>),
}

impl<'a> Entity<'a> {
    pub(crate) fn entity_type(&self) -> EntityType {
        match self {
            Self::Thing(_) => EntityType::Thing,
            Self::Location(_) => EntityType::Location,
            Self::HistoricalLocation(_) => EntityType::HistoricalLocation,
            Self::Datastream(_) => EntityType::Datastream,
            Self::Sensor(_) => EntityType::Sensor,
            Self::ObservedProperty(_) => EntityType::ObservedProperty,
            Self::Observation(_) => EntityType::Observation,
            Self::Feature(_) => EntityType::Feature,
        }
    }

    pub(crate) fn id(&self) -> Id {
        match self {
            Self::Thing(thing) => Id::Text(thing.id.as_str().into()),
            Self::Location(stay) | Self::HistoricalLocation(stay) => Id::Text(stay.id().into()),
            Self::Datastream(datastream) => Id::Number(u64::from(datastream.id.get())),
            Self::Sensor(device) => Id::Text(device.id.as_str().into()),
            Self::ObservedProperty(property) => Id::Text(property.id().into()),
            Self::Observation(observed) => Id::Number(observed.id()),
            Self::Feature(feature) => Id::Text(feature.id().into()),
        }
    }

    /// What an attribute has, as it is filtered by, sorted by and shown.
    pub(crate) fn value(&self, world: &World<'a>, attribute: &Attribute) -> Value<'a> {
        match self {
            Self::Thing(thing) => thing::value(world, thing, attribute.name),
            Self::Location(stay) => thing::location_value(world, stay, attribute.name),
            Self::HistoricalLocation(stay) => match attribute.name {
                "time" => Value::Time(stay.time(world)),
                _ => Value::Null,
            },
            Self::Datastream(datastream) => datastream::value(world, *datastream, attribute.name),
            Self::Sensor(device) => sensor::value(world, device, attribute.name),
            Self::ObservedProperty(property) => property.value(world, attribute.name),
            Self::Observation(observed) => observed.value(world, attribute.name),
            Self::Feature(feature) => feature.value(world, attribute.name),
        }
    }
}

/// The entity of an id, where there is one that may be seen.
pub(crate) fn find<'a>(
    world: &World<'a>,
    entity_type: EntityType,
    id: &Id,
) -> Result<Option<Entity<'a>>, crate::Error> {
    world.look_at(1)?;
    let found = match (entity_type, id) {
        (EntityType::Thing, Id::Text(id)) => world.thing(id).map(Entity::Thing),
        (EntityType::Location, Id::Text(id)) => world.stay(id).map(Entity::Location),
        (EntityType::HistoricalLocation, Id::Text(id)) => {
            world.stay(id).map(Entity::HistoricalLocation)
        }
        (EntityType::Datastream, Id::Number(number)) => {
            let number = u32::try_from(*number).ok();
            let number = number.map(domain::DatastreamId::new);
            let found = number.and_then(|number| world.datastream(number));
            found.map(Entity::Datastream)
        }
        (EntityType::Sensor, Id::Text(id)) => world.sensor(id).map(Entity::Sensor),
        (EntityType::ObservedProperty, Id::Text(id)) => {
            ObservedProperty::find(world, id)?.map(Entity::ObservedProperty)
        }
        (EntityType::Observation, Id::Number(id)) => {
            Observed::find(world, *id)?.map(Entity::Observation)
        }
        (EntityType::Feature, Id::Text(id)) => Feature::find(world, id)?.map(Entity::Feature),
        _ => None,
    };
    Ok(found)
}
