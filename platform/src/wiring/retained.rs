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
            let unit = topic::unit_in_payload(datastream.unit.as_deref());
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
        match is_narrow || snapshot.public_count() <= known {
            true => Place::Public(None),
            false => Place::Known(DatastreamId::new(0)),
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
        let mut look = |datastream: &Datastream| match self.passes(datastream) {
            true => show(datastream),
            false => ControlFlow::Continue(()),
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
                    if datastream.is_some_and(|it| look(it).is_break()) {
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
        while let Some(number) = thing.datastreams.get(*next) {
            if *steps == 0 {
                return RetainedEnd::Paused;
            }
            (*steps, *next) = (*steps - 1, *next + 1);
            let datastream = snapshot.datastream(*number);
            if datastream.is_some_and(|it| look(it).is_break()) {
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
mod tests {
    use device_registry::{Actor, NewAgency, NewDevice};
    use domain::{AgencyId, DeviceId, ModelId, Timestamp};

    use super::*;

    /// `lot-1` of Seoul, `lot-2` of Busan, both public, and `lot-3`, which is not.
    fn registry(dir: &std::path::Path) -> Registry {
        let registry = Registry::open(dir, || Timestamp::from_micros(0)).unwrap();
        for agency in ["seoul", "busan"] {
            let id = AgencyId::new(agency).unwrap();
            let name = agency.to_owned();
            registry
                .create_agency(&Actor::Operator, NewAgency { id, name })
                .unwrap();
        }
        for (id, agency, model, visibility) in [
            ("lot-1", "seoul", "traffic.parking", Visibility::Public),
            ("lot-2", "busan", "traffic.parking", Visibility::Public),
            ("air-1", "seoul", "safety.air", Visibility::Public),
            ("lot-3", "seoul", "traffic.parking", Visibility::Restricted),
        ] {
            let device = NewDevice {
                visibility: Some(visibility),
                ..NewDevice::new(
                    DeviceId::new(id).unwrap(),
                    AgencyId::new(agency).unwrap(),
                    ModelId::new(model).unwrap(),
                )
            };
            registry.register_device(&Actor::Operator, device).unwrap();
        }
        registry
    }

    #[test]
    fn a_filter_finds_exactly_the_public_topics_that_it_matches() {
        let dir = tempfile::tempdir().unwrap();
        let snapshot = registry(dir.path()).snapshot();
        let all: Vec<String> = snapshot
            .public_datastreams(None, |_| true)
            .map(|one| topic::open(one))
            .collect();
        assert!(all.iter().all(|topic| !topic.contains("lot-3")));
        for (filter, some) in [
            ("open/#", true),
            ("open/seoul/#", true),
            ("open/+/traffic/#", true),
            ("open/+/traffic/parking/+/available", true),
            ("open/+/+/+/lot-2/#", true),
            ("open/seoul/traffic/parking/lot-1/available", true),
            ("open/seoul/traffic/parking/lot-1/available/#", true),
            ("open/+/+/+/+/+", true),
            ("open/+/+/+/+/+/#", true),
            ("open/seoul/traffic/parking/lot-2/#", false),
            ("open/seoul/safety/parking/lot-1/+", false),
            ("open/+/+/+/lot-3/#", false),
            ("open/+/+/+/+", false),
            ("open/+/+/+/+/+/+", false),
            ("open/jeju/#", false),
            ("open", false),
            ("devices/#", false),
        ] {
            for (steps, values) in [(3, usize::MAX), (1_000, usize::MAX), (3, 0), (1_000, 0)] {
                check(&snapshot, filter, (steps, values), &all, some);
            }
        }
    }

    /// In turns of `steps`, with so many values that the public ones are walked,
    /// or so few that those with a value are.
    fn check(
        snapshot: &Snapshot,
        filter: &str,
        (steps, values): (usize, usize),
        all: &[String],
        some: bool,
    ) {
        let parsed = TopicFilter::new(filter).unwrap();
        // All have a value.
        let numbers: Vec<DatastreamId> = snapshot
            .datastreams(DatastreamId::new(0))
            .map(|one| one.id)
            .collect();
        let known = |first: DatastreamId, steps: usize| {
            let mut found = numbers.iter().filter(|id| **id >= first).copied();
            let part: Vec<_> = found.by_ref().take(steps).collect();
            ingest::KnownDatastreams {
                steps: part.len(),
                next: found.next(),
                found: part,
            }
        };
        let mut found = Vec::new();
        if let Some(open) = OpenFilter::parse(parsed.levels()) {
            let mut place = open.begin(snapshot, values);
            for turn in 0.. {
                assert!(turn < 10_000, "{filter} never ends");
                let mut left = steps;
                let mut show = |one: &Datastream| {
                    found.push(topic::open(one));
                    match found.len() % 3 {
                        0 => ControlFlow::Break(()),
                        _ => ControlFlow::Continue(()),
                    }
                };
                let end = open.go_on(snapshot, &mut place, &mut left, known, &mut show);
                if end == RetainedEnd::Done {
                    break;
                }
            }
        }
        let mut matching: Vec<String> = all
            .iter()
            .filter(|topic| parsed.matches(topic))
            .cloned()
            .collect();
        found.sort();
        matching.sort();
        assert_eq!(found, matching, "{filter}");
        assert_eq!(!found.is_empty(), some, "{filter}");
    }

    /// A filter that names an agency and a model does not look at the others.
    #[test]
    fn names_narrow_a_look() {
        let dir = tempfile::tempdir().unwrap();
        let snapshot = registry(dir.path()).snapshot();
        let cost = |filter: &str| {
            let parsed = TopicFilter::new(filter).unwrap();
            let open = OpenFilter::parse(parsed.levels()).unwrap();
            let mut place = open.begin(&snapshot, usize::MAX);
            let (mut steps, none) = (1_000, |_, _| ingest::KnownDatastreams::default());
            let mut seen = 0;
            let mut show = |_: &Datastream| {
                seen += 1;
                ControlFlow::Continue(())
            };
            open.go_on(&snapshot, &mut place, &mut steps, none, &mut show);
            (1_000 - steps, seen)
        };
        let (all, public) = cost("open/#");
        assert_eq!(public, snapshot.public_count());
        assert!(all >= public);
        let (seoul, of_seoul) = cost("open/seoul/#");
        let (parking, of_parking) = cost("open/seoul/traffic/parking/#");
        assert!(seoul < all && parking < seoul);
        assert!(of_parking < of_seoul);
        // An agency, a model, and what is found.
        assert!(parking <= of_parking + 3, "{parking} for {of_parking}");
        let (thing, of_thing) = cost("open/+/+/+/lot-2/#");
        assert_eq!(thing, of_thing);
        let (nobody, nothing) = cost("open/jeju/#");
        assert_eq!((nobody, nothing), (0, 0));
    }
}
