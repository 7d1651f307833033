//! All entities of a type that may be seen, in their natural order.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use device_registry::Thing;
use domain::{Bbox, Cells, DeviceId, ThingId};
use odata::{EntityType, Id};

use super::{Visit, each_of, number_of};
use crate::entity::{Entity, Feature, ObservedProperty, Stay};
use crate::error::Error;
use crate::world::World;

pub(super) fn all<'a>(
    world: &World<'a>,
    entity_type: EntityType,
    after: Option<&Id>,
    area: Option<&Bbox>,
    visit: &mut Visit<'_, 'a>,
) -> Result<(), Error> {
    let text = text_of(after);
    match entity_type {
        EntityType::Thing => {
            let after = text.and_then(|id| ThingId::new(id).ok());
            each_thing(world, after.as_ref(), area, &mut |thing| {
                visit(Entity::Thing(thing))
            })
        }
        EntityType::Location => {
            each_stay(world, text, area, &mut |stay| visit(Entity::Location(stay)))
        }
        EntityType::HistoricalLocation => each_stay(world, text, area, &mut |stay| {
            visit(Entity::HistoricalLocation(stay))
        }),
        EntityType::Datastream => world.each_datastream(number_of(after), |datastream| {
            world.look_at(1)?;
            visit(Entity::Datastream(datastream))
        }),
        EntityType::Sensor => {
            let after = text.and_then(|id| DeviceId::new(id).ok());
            let devices = world.snapshot.devices(after.as_ref());
            let sending = devices.filter(|device| world.sent_by(device).next().is_some());
            each_of(world, sending.map(|device| Entity::Sensor(device)), visit)
        }
        EntityType::ObservedProperty => {
            let properties = observed_properties(world)?;
            let later = properties
                .into_iter()
                .filter(|(id, _)| text.is_none_or(|after| id.as_str() > after));
            each_of(
                world,
                later.map(|(_, one)| Entity::ObservedProperty(one)),
                visit,
            )
        }
        EntityType::Feature => each_feature(world, text, area, visit),
        _ => Ok(()),
    }
}

fn text_of(id: Option<&Id>) -> Option<&str> {
    match id {
        Some(Id::Text(text)) => Some(text),
        _ => None,
    }
}

/// In order of id.
fn each_thing<'a>(
    world: &World<'a>,
    after: Option<&ThingId>,
    area: Option<&Bbox>,
    visit: &mut dyn FnMut(&'a Thing) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut look = |thing: &'a Thing| {
        // What may not be seen must not show in what a question may cost.
        if !world.scope.sees_thing(thing) {
            return Ok(ControlFlow::Continue(()));
        }
        world.look_at(1)?;
        visit(thing)
    };
    let Some(area) = area else {
        for thing in world.snapshot.things(after) {
            if look(thing)?.is_break() {
                break;
            }
        }
        return Ok(());
    };
    let cells = Cells::of_box(area);
    let now = world.snapshot.things_in(&cells, world.scope);
    let once = world.snapshot.things_once_in(&cells, world.scope);
    let mut things: Vec<&'a Thing> = now.chain(once).map(|thing| &**thing).collect();
    things.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    things.dedup_by(|one, other| one.id == other.id);
    let later = things.into_iter();
    for thing in later.filter(|thing| after.is_none_or(|after| thing.id > *after)) {
        if look(thing)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// In order of thing and time, after the stay of an id.
fn each_stay<'a>(
    world: &World<'a>,
    after: Option<&str>,
    area: Option<&Bbox>,
    visit: &mut dyn FnMut(Stay<'a>) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let thing = after.and_then(|id| Some(id.rsplit_once(':')?.0));
    let thing = thing.and_then(|id| ThingId::new(id).ok());
    let last = after.and_then(|id| world.stay(id));
    if let Some(last) = last {
        for stay in world.stays(last.thing) {
            if stay.since > last.since && visit(stay)?.is_break() {
                return Ok(());
            }
        }
    }
    each_thing(world, thing.as_ref(), area, &mut |thing| {
        for stay in world.stays(thing) {
            world.look_at(1)?;
            if visit(stay)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// The registered ones in order of id, then things and their places. What an
/// observation brought is found from the observation: there may be as many.
fn each_feature<'a>(
    world: &World<'a>,
    after: Option<&str>,
    area: Option<&Bbox>,
    visit: &mut Visit<'_, 'a>,
) -> Result<(), Error> {
    let is_among_stays = after.is_some_and(|id| !Feature::is_registered(id));
    if !is_among_stays {
        for feature in world.snapshot.features() {
            let found = Feature::Registered(feature);
            let is_later = after.is_none_or(|after| found.id().as_str() > after);
            if !is_later || !world.scope.sees_feature(world.snapshot, feature) {
                continue;
            }
            world.look_at(1)?;
            if visit(Entity::Feature(found))?.is_break() {
                return Ok(());
            }
        }
    }
    let after = after.filter(|_| is_among_stays);
    let last = after.and_then(|id| ThingId::new(Feature::thing_named(id)?).ok());
    let mut of_thing = |thing: &'a Thing, after: Option<&str>| {
        let features = Feature::of_thing(world, thing);
        let start = after.map_or(0, |after| {
            let last = features.iter().position(|feature| feature.id() == after);
            last.map_or(features.len(), |at| at + 1)
        });
        for feature in features.into_iter().skip(start) {
            world.look_at(1)?;
            if visit(Entity::Feature(feature))?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    };
    let begun = last.as_ref().and_then(|last| world.thing(last.as_str()));
    if let Some(thing) = begun
        && of_thing(thing, after)?.is_break()
    {
        return Ok(());
    }
    each_thing(world, last.as_ref(), area, &mut |thing| {
        of_thing(thing, None)
    })
}

/// All of them by id: those of the models, and those that devices send beyond
/// their models and that may be seen.
fn observed_properties<'a>(
    world: &World<'a>,
) -> Result<BTreeMap<String, ObservedProperty<'a>>, Error> {
    let mut found = BTreeMap::new();
    let snapshot = world.snapshot;
    for model in snapshot.models() {
        for field in &model.fields {
            let property = ObservedProperty {
                model: &model.id,
                field: field.name.as_str(),
                definition: Some(field),
            };
            found.insert(property.id(), property);
        }
    }
    world.each_datastream(None, |datastream| {
        if datastream.definition.is_none() {
            let property = ObservedProperty::of(datastream);
            found.entry(property.id()).or_insert(property);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}
