//! The latest values as retained messages: a view of the latest table, not a
//! second copy of it.
//!
//! A look costs by what its filter leaves open. With a thing in it, that
//! thing's datastreams; with an agency or a model, their public ones, from the
//! registry's index; otherwise either the public datastreams or those that have
//! a value, whichever are fewer. It goes in turns, and its place between two of
//! them is a name and a number.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use device_registry::{
    Datastream, PublicFilter, PublicPlace, Registry, Snapshot, Visibility, WalkEnd,
};
use domain::DatastreamId;
use ingest::Ingest;
use transport::{RetainedEnd, RetainedSource, TopicFilter};

use super::principal::Principal;
use super::topic;

pub(crate) struct LatestAsRetained {
    pub(crate) registry: Arc<Registry>,
    pub(crate) ingest: Ingest,
}

/// How far a look has come.
#[derive(Debug, Default)]
pub(crate) enum Place {
    #[default]
    Beginning,
    /// Among a thing's datastreams: the next one.
    OfThing(usize),
    /// Among the public ones.
    Public(Option<PublicPlace>),
    /// Among those that have a value: from this number on.
    Known(DatastreamId),
}

impl RetainedSource<Principal> for LatestAsRetained {
    type Place = Place;

    fn retained(
        &self,
        principal: &Principal,
        filter: &TopicFilter,
        place: &mut Place,
        steps: &mut usize,
        visit: &mut dyn FnMut(&str, Bytes) -> ControlFlow<()>,
    ) -> RetainedEnd {
        if !matches!(principal, Principal::Application(_)) {
            return RetainedEnd::Done;
        }
        let Some(filter) = OpenFilter::parse(filter.levels()) else {
            return RetainedEnd::Done;
        };
        let snapshot = self.registry.snapshot();
        if matches!(place, Place::Beginning) {
            let known = self.ingest.known_datastream_count();
            *place = filter.begin(&snapshot, known);
        }
        let mut show = |datastream: &Datastream| {
            let Some(observation) = self.ingest.latest(datastream.id) else {
                return ControlFlow::Continue(());
            };
            let unit = topic::unit_in_payload(datastream.unit);
            let mut payload = String::new();
            topic::push_open_payload(&observation, &unit, &mut payload);
            visit(&topic::open(datastream), Bytes::from(payload))
        };
        let known = |first, steps| self.ingest.known_datastreams(first, steps);
        filter.go_on(&snapshot, place, steps, known, &mut show)
    }
}

/// A filter over `open/{agency}/{domain}/{model}/{thing}/{field}`: the name that
/// each level after `open` has to have; `None` where any passes.
struct OpenFilter<'a>([Option<&'a str>; 5]);

impl<'a> OpenFilter<'a> {
    /// `None` where no open topic can pass.
    fn parse(mut levels: impl Iterator<Item = &'a str>) -> Option<Self> {
        if levels.next() != Some("open") {
            return None;
        }
        let mut names = [None; 5];
        for place in 0..names.len() {
            match levels.next()? {
                "#" => return Some(Self(names)),
                "+" => {}
                name => names[place] = Some(name),
            }
        }
        // `a/#` names `a` too.
        matches!(levels.next(), None | Some("#")).then_some(Self(names))
    }

    /// The way that costs least. `known`: how many datastreams have a value.
    fn begin(&self, snapshot: &Snapshot, known: usize) -> Place {
        let [agency, domain, model, thing, _] = self.0;
        if thing.is_some() {
            return Place::OfThing(0);
        }
        let is_narrow = agency.is_some() || domain.is_some() || model.is_some();
        if is_narrow || snapshot.public_count() <= known {
            Place::Public(None)
        } else {
            Place::Known(DatastreamId::new(0))
        }
    }

    fn go_on(
        &self,
        snapshot: &Snapshot,
        place: &mut Place,
        steps: &mut usize,
        known: impl Fn(DatastreamId, usize) -> ingest::KnownDatastreams,
        show: &mut dyn FnMut(&Datastream) -> ControlFlow<()>,
    ) -> RetainedEnd {
        let mut look = |datastream: &Datastream| {
            if self.passes(datastream) {
                show(datastream)
            } else {
                ControlFlow::Continue(())
            }
        };
        match place {
            Place::Beginning => RetainedEnd::Done,
            Place::OfThing(next) => self.of_thing(snapshot, next, steps, &mut look),
            Place::Public(place) => {
                let [agency, domain, model, ..] = self.0;
                let filter = PublicFilter {
                    agency,
                    domain,
                    model,
                };
                match snapshot.walk_public(&filter, place, steps, |it| look(it)) {
                    WalkEnd::Done => RetainedEnd::Done,
                    WalkEnd::Paused => RetainedEnd::Paused,
                }
            }
            Place::Known(first) => {
                let found = known(*first, *steps);
                *steps = steps.saturating_sub(found.steps);
                for number in found.found {
                    *first = DatastreamId::new(number.get() + 1);
                    let datastream = snapshot.datastream(number);
                    if datastream.is_some_and(|it| look(&it).is_break()) {
                        return RetainedEnd::Paused;
                    }
                }
                match found.next {
                    Some(next) => {
                        *first = next;
                        RetainedEnd::Paused
                    }
                    None => RetainedEnd::Done,
                }
            }
        }
    }

    fn of_thing(
        &self,
        snapshot: &Snapshot,
        next: &mut usize,
        steps: &mut usize,
        look: &mut dyn FnMut(&Datastream) -> ControlFlow<()>,
    ) -> RetainedEnd {
        let [.., thing, _] = self.0;
        let Some(thing) = thing.and_then(|thing| snapshot.thing(thing)) else {
            return RetainedEnd::Done;
        };
        // In order of number, and none ever leaves.
        for datastream in thing.datastreams.iter().skip(*next) {
            if *steps == 0 {
                return RetainedEnd::Paused;
            }
            (*steps, *next) = (*steps - 1, *next + 1);
            if look(&datastream).is_break() {
                return RetainedEnd::Paused;
            }
        }
        RetainedEnd::Done
    }

    fn passes(&self, datastream: &Datastream) -> bool {
        let [agency, domain, model, thing, field] = self.0;
        datastream.visibility == Visibility::Public
            && is(field, datastream.field.as_str())
            && is(thing, datastream.thing.as_str())
            && is(agency, datastream.agency.as_str())
            && is(domain, datastream.model.domain())
            && is(model, datastream.model.name())
    }
}

fn is(wanted: Option<&str>, given: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == given)
}

#[cfg(test)]
mod tests;
