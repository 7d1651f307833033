//! Sets of entities: what a path or a relation leads to, in its natural order.

mod all;
mod related;

use std::ops::ControlFlow;

use device_registry::Datastream;
use domain::{Bbox, DatastreamId, Timestamp};
use ingest::ValueFilter;
use odata::{EntityType, Id};

use crate::entity::{Entity, Feature, Observed, ObservedProperty};
use crate::error::Error;
use crate::world::World;

pub(crate) use related::{Related, related};

/// Entities of one type.
#[derive(Clone)]
pub(crate) enum Set<'a> {
    /// All that may be seen.
    All(EntityType),
    Few(EntityType, Vec<Entity<'a>>),
    DatastreamsOf(ObservedProperty<'a>),
    Observations(Observations<'a>),
}

/// Which observations.
#[derive(Clone)]
pub(crate) struct Observations<'a> {
    /// In order of number; `None`: all datastreams that may be seen.
    pub(crate) datastreams: Option<Vec<DatastreamId>>,
    /// Only those about it.
    pub(crate) feature: Option<Feature<'a>>,
    /// Inclusive.
    pub(crate) from: Timestamp,
    /// Exclusive.
    pub(crate) to: Timestamp,
    /// Only those whose results pass.
    pub(crate) values: ValueFilter,
}

/// What is called for each entity of a set, until it breaks off.
pub(crate) type Visit<'v, 'a> = dyn FnMut(Entity<'a>) -> Result<ControlFlow<()>, Error> + 'v;

impl<'a> Set<'a> {
    /// All of a type.
    pub(crate) fn all(entity_type: EntityType) -> Self {
        match entity_type {
            EntityType::Observation => Self::Observations(Observations::all()),
            other => Self::All(other),
        }
    }

    /// Visits the entities in their natural order, after `after` and, where it is
    /// given, in `area`: then others may come too. Not for observations, which are
    /// walked: see [`crate::walk`].
    pub(crate) fn each(
        &self,
        world: &World<'a>,
        after: Option<&Id>,
        area: Option<&Bbox>,
        visit: &mut Visit<'_, 'a>,
    ) -> Result<(), Error> {
        match self {
            Self::Few(_, entities) => {
                let start = after.map_or(0, |after| start_after(entities, after));
                each_of(world, entities[start..].iter().cloned(), visit)
            }
            Self::DatastreamsOf(property) => world.each_datastream(number_of(after), |one| {
                if property.is_of(one) {
                    visit(Entity::Datastream(one))
                } else {
                    Ok(ControlFlow::Continue(()))
                }
            }),
            Self::All(entity_type) => all::all(world, *entity_type, after, area, visit),
            Self::Observations(_) => Ok(()),
        }
    }

    /// Whether an entity of the set's type is in it.
    pub(crate) fn contains(&self, world: &World<'a>, entity: &Entity<'a>) -> bool {
        match (self, entity) {
            (Self::DatastreamsOf(property), Entity::Datastream(one)) => property.is_of(*one),
            (Self::Observations(observations), Entity::Observation(observed)) => {
                observations.contains(world, observed)
            }
            _ => true,
        }
    }

    pub(crate) fn entity_type(&self) -> EntityType {
        match self {
            Self::All(entity_type) | Self::Few(entity_type, _) => *entity_type,
            Self::DatastreamsOf(_) => EntityType::Datastream,
            Self::Observations(_) => EntityType::Observation,
        }
    }

    /// How many there are, where that is known without a look at each.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Self::Few(_, entities) => Some(entities.len() as u64),
            _ => None,
        }
    }
}

impl<'a> Observations<'a> {
    fn contains(&self, world: &World<'a>, observed: &Observed<'a>) -> bool {
        let datastreams = self.datastreams.as_ref();
        datastreams.is_none_or(|some| some.contains(&observed.datastream.id))
            && (self.from..self.to).contains(&observed.stored.time)
            && self.is_about(world, observed)
    }

    /// Whether it is about the feature, where only those are wanted.
    pub(crate) fn is_about(&self, world: &World<'a>, observed: &Observed<'a>) -> bool {
        self.feature.is_none_or(|wanted| {
            Feature::of(world, observed).is_some_and(|feature| feature.id() == wanted.id())
        })
    }

    pub(crate) const fn all() -> Self {
        Self {
            datastreams: None,
            feature: None,
            from: Timestamp::MIN,
            to: Timestamp::MAX,
            values: ValueFilter::All,
        }
    }

    fn of(datastreams: Vec<DatastreamId>) -> Self {
        Self {
            datastreams: Some(datastreams),
            ..Self::all()
        }
    }
}

impl<'a> World<'a> {
    /// Visits the datastreams that may be seen, in order of number.
    pub(crate) fn each_datastream(
        &self,
        after: Option<u64>,
        mut visit: impl FnMut(Datastream<'a>) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        let Ok(first) = u32::try_from(after.map_or(0, |after| after + 1)) else {
            return Ok(());
        };
        for datastream in self.snapshot.datastreams(DatastreamId::new(first)) {
            if !self.scope.sees(&datastream) {
                continue;
            }
            if visit(datastream)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl World<'_> {
    /// The numbers of all that may be seen, in order.
    pub(crate) fn all_datastreams(&self) -> Result<Vec<DatastreamId>, Error> {
        let mut all = Vec::new();
        self.each_datastream(None, |datastream| {
            all.push(datastream.id);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }
}

/// Where those begin that follow an entity of this id. It may be gone meanwhile.
fn start_after(entities: &[Entity<'_>], after: &Id) -> usize {
    let position = |is_it: fn(&Id, &Id) -> bool| {
        let mut entities = entities.iter();
        entities.position(|entity| is_it(&entity.id(), after))
    };
    match position(|id, after| id == after) {
        Some(last) => last + 1,
        None => position(|id, after| id > after).unwrap_or(entities.len()),
    }
}

fn number_of(id: Option<&Id>) -> Option<u64> {
    match id {
        Some(Id::Number(number)) => Some(*number),
        _ => None,
    }
}

fn each_of<'a>(
    world: &World<'a>,
    entities: impl Iterator<Item = Entity<'a>>,
    visit: &mut Visit<'_, 'a>,
) -> Result<(), Error> {
    for entity in entities {
        world.look_at(1)?;
        if visit(entity)?.is_break() {
            break;
        }
    }
    Ok(())
}
