//! The latest values as retained messages: a view of the latest table, not a
//! second copy of it.
//!
//! A look costs by what its filter leaves open: with a thing in it, that
//! thing's datastreams; otherwise the public ones of the agencies and models
//! that it names.

use std::sync::Arc;

use broker::{RetainedSource, TopicFilter};
use bytes::Bytes;
use device_registry::{Datastream, Registry, Snapshot, Visibility};
use ingest::Ingest;

use super::principal::Principal;
use super::topic;

pub struct LatestAsRetained {
    pub registry: Arc<Registry>,
    pub ingest: Ingest,
}

impl RetainedSource<Principal> for LatestAsRetained {
    fn retained(
        &self,
        principal: &Principal,
        filter: &TopicFilter,
        visit: &mut dyn FnMut(&str, Bytes),
    ) {
        if !matches!(principal, Principal::Application(_)) {
            return;
        }
        let Some(filter) = OpenFilter::parse(filter.levels()) else {
            return;
        };
        filter.each(&self.registry.snapshot(), |datastream| {
            if let Some(observation) = self.ingest.latest(datastream.id) {
                let unit = topic::unit_in_payload(datastream.unit.as_deref());
                let mut payload = String::new();
                topic::push_open_payload(&observation, &unit, &mut payload);
                visit(&topic::open(datastream), Bytes::from(payload));
            }
        });
    }
}

/// A filter over `open/{agency}/{domain}/{model}/{thing}/{field}`: the name that
/// each level behind `open` has to have; `None` where any passes.
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

    fn each(&self, snapshot: &Snapshot, mut visit: impl FnMut(&Datastream)) {
        let [agency, domain, model, thing, _] = self.0;
        let mut look = |datastream: &Arc<Datastream>| {
            if datastream.visibility == Visibility::Public && self.names(datastream) {
                visit(datastream);
            }
        };
        match thing {
            Some(thing) => snapshot
                .thing(thing)
                .into_iter()
                .flat_map(|thing| &thing.datastreams)
                .filter_map(|number| snapshot.datastream(*number))
                .for_each(&mut look),
            None => snapshot
                .public_datastreams(agency, |id| is(domain, id.domain()) && is(model, id.name()))
                .for_each(&mut look),
        }
    }

    fn names(&self, datastream: &Datastream) -> bool {
        let [agency, domain, model, thing, field] = self.0;
        is(field, datastream.field.as_str())
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
    use device_registry::{NewAgency, NewDevice};
    use domain::{AgencyId, DeviceId, ModelId, Timestamp};

    use super::*;

    /// `lot-1` of Seoul, `lot-2` of Busan, both public, and `lot-3`, which is not.
    fn registry(dir: &std::path::Path) -> Registry {
        let registry = Registry::open(dir, || Timestamp::from_micros(0)).unwrap();
        for agency in ["seoul", "busan"] {
            let id = AgencyId::new(agency).unwrap();
            let name = agency.to_owned();
            registry.create_agency(NewAgency { id, name }).unwrap();
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
            registry.register_device(device).unwrap();
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
            let parsed = TopicFilter::new(filter).unwrap();
            let mut found = Vec::new();
            if let Some(filter) = OpenFilter::parse(parsed.levels()) {
                filter.each(&snapshot, |one| found.push(topic::open(one)));
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
    }
}
