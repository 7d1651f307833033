//! Filters against the public topics that they match.

use device_registry::{Actor, NewAgency, NewDevice, OldCredentials, Transfer};
use domain::{AgencyId, DeviceId, ModelId, Timestamp};

use super::*;

/// `lot-1` of Seoul, `lot-2` of Busan, both public, and `lot-3`, which is not.
fn registry(dir: &std::path::Path) -> Registry {
    let registry = Registry::open(dir, || Timestamp::from_micros(0)).unwrap();
    for agency in ["seoul", "busan"] {
        let id = AgencyId::new(agency).unwrap();
        let name = agency.to_owned();
        registry
            .create_agency(&Actor::OPERATOR, NewAgency { id, name })
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
        registry.register_device(&Actor::OPERATOR, device).unwrap();
    }
    registry
}

#[test]
fn a_filter_finds_exactly_the_public_topics_that_it_matches() {
    let dir = tempfile::tempdir().unwrap();
    let snapshot = registry(dir.path()).snapshot();
    let all: Vec<String> = snapshot
        .public_datastreams(None, |_| true)
        .map(|one| topic::open(&one))
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

#[test]
fn a_transferred_thing_is_found_under_its_new_agency_alone() {
    let dir = tempfile::tempdir().unwrap();
    let registry = registry(dir.path());
    let transfer = Transfer {
        from: AgencyId::new("seoul").unwrap(),
        to: AgencyId::new("busan").unwrap(),
        credentials: OldCredentials::Keep,
    };
    registry
        .transfer_device(
            &Actor::OPERATOR,
            &DeviceId::new("lot-1").unwrap(),
            &transfer,
        )
        .unwrap();
    let snapshot = registry.snapshot();
    let all: Vec<String> = snapshot
        .public_datastreams(None, |_| true)
        .map(|one| topic::open(&one))
        .collect();
    for (filter, some) in [
        ("open/seoul/traffic/#", false),
        ("open/seoul/+/+/lot-1/#", false),
        ("open/busan/traffic/parking/lot-1/available", true),
        ("open/busan/#", true),
    ] {
        for (steps, values) in [(3, usize::MAX), (1_000, 0)] {
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
