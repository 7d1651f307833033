//! Features of interest: who observes them, and that they stay.

use device_registry::{
    Actor, AuditQuery, EndError, FeatureGeoJson, MAX_POSITIONS, MAX_POSITIONS_OF_AGENCY, NewAgency,
    NewFeature, OldCredentials, OperationError, PutFeature, Registry, Transfer,
};
use domain::{DatastreamId, FeatureId, ThingId};

use crate::harness::{TestRegistry, agency, device, new_device};

const ACTOR: &Actor = &Actor::OPERATOR;

fn feature_id(id: &str) -> FeatureId {
    FeatureId::new(id).unwrap()
}

fn river(things: &[&str], datastreams: &[DatastreamId]) -> NewFeature {
    NewFeature {
        id: feature_id("han-river"),
        agency: agency("seoul"),
        title_en: "Han river".to_owned(),
        title_ko: "한강".to_owned(),
        kind: "river-section".to_owned(),
        description: String::new(),
        geometry: FeatureGeoJson::Polygon(vec![
            vec![
                vec![126.9, 37.5],
                vec![127.1, 37.5],
                vec![127.1, 37.6],
                vec![126.9, 37.5],
            ],
            vec![
                vec![127.0, 37.51],
                vec![127.01, 37.51],
                vec![127.01, 37.52],
                vec![127.0, 37.51],
            ],
        ]),
        things: things.iter().map(|id| ThingId::from(device(id))).collect(),
        datastreams: datastreams.to_vec(),
    }
}

fn numbers(registry: &Registry, id: &str) -> Vec<DatastreamId> {
    let snapshot = registry.snapshot();
    let device = snapshot.device(id).unwrap();
    device.datastreams.iter().map(|one| one.id).collect()
}

fn observing(registry: &Registry) -> Vec<DatastreamId> {
    let snapshot = registry.snapshot();
    let feature = snapshot.feature(&feature_id("han-river")).unwrap();
    let mut found: Vec<_> = snapshot.observing(feature).map(|one| one.id).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn a_feature_and_who_observes_it_outlive_a_restart() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    for id in ["lot-1", "lot-2"] {
        registry.register_device(ACTOR, new_device(id)).unwrap();
    }
    let (first, second) = (numbers(registry, "lot-1"), numbers(registry, "lot-2"));
    let put = |new| registry.put_feature(ACTOR, new).unwrap();
    let PutFeature { replaced, .. } = put(river(&["lot-1"], &[]));
    assert!(!replaced);
    assert_eq!(observing(registry), first);
    // All of the first thing, and one of the second; named twice is once.
    let PutFeature { replaced, feature } = put(river(&["lot-1"], &[second[0], first[0]]));
    assert!(replaced);
    let all = [&first[..], &second[..1]].concat();
    assert_eq!(observing(registry), all);
    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    assert_eq!(snapshot.feature(&feature.id), Some(&feature));
    assert_eq!(observing(&test.registry), all);
    let of = |id| {
        let datastream = snapshot.datastream(id).unwrap();
        snapshot.observed_by(&datastream).len()
    };
    assert_eq!([of(first[0]), of(second[0]), of(second[1])], [1, 1, 0]);

    test.registry.remove_feature(ACTOR, &feature).unwrap();
    let gone = test.registry.remove_feature(ACTOR, &feature);
    assert!(matches!(gone, Err(EndError::Unknown(_))));
    let before = test.registry.snapshot();
    let test = test.reopen();
    assert!(*test.registry.snapshot() == *before);
    let entries = test.registry.audit(&AuditQuery {
        kind: Some("feature".to_owned()),
        limit: 10,
        ..AuditQuery::default()
    });
    let entries = entries.unwrap();
    let told: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(told, ["feature.put", "feature.put", "feature.remove"]);
    let exact = entries
        .iter()
        .flat_map(|entry| [&entry.before, &entry.after]);
    assert!(exact.flatten().all(|told| !told.contains("126.9")));
}

#[test]
fn a_feature_that_another_agency_has_put_since_is_not_taken_away() {
    let test = TestRegistry::two_agencies();
    let registry = &test.registry;
    let looked_at = registry.put_feature(ACTOR, river(&[], &[])).unwrap();
    registry.remove_feature(ACTOR, &looked_at.feature).unwrap();
    let of_busan = NewFeature {
        agency: agency("busan"),
        ..river(&[], &[])
    };
    let standing = registry.put_feature(ACTOR, of_busan).unwrap().feature;
    let removed = registry.remove_feature(ACTOR, &looked_at.feature);
    assert!(matches!(removed, Err(EndError::Unknown(_))));
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.feature(&standing.id), Some(&standing));
}

#[test]
fn what_goes_to_another_agency_observes_it_no_more() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    registry
        .register_device(ACTOR, new_device("lot-1"))
        .unwrap();
    let busan = NewAgency {
        id: agency("busan"),
        name: "부산광역시".to_owned(),
    };
    registry.create_agency(ACTOR, busan).unwrap();
    registry.put_feature(ACTOR, river(&["lot-1"], &[])).unwrap();
    let transfer = Transfer {
        from: agency("seoul"),
        to: agency("busan"),
        credentials: OldCredentials::Keep,
    };
    registry
        .transfer_device(ACTOR, &device("lot-1"), &transfer)
        .unwrap();
    assert_eq!(observing(registry), []);
    let snapshot = registry.snapshot();
    let datastream = snapshot
        .device("lot-1")
        .unwrap()
        .datastreams
        .get(0)
        .unwrap();
    assert!(snapshot.observed_by(&datastream).is_empty());
}

#[test]
fn the_features_of_one_agency_leave_room_for_those_of_others() {
    let test = TestRegistry::two_agencies();
    let registry = &test.registry;
    let put = |number: usize, owner: &str| {
        let line = (0..MAX_POSITIONS).map(|at| vec![126.0 + at as f64 / 10_000.0, 37.5]);
        let new = NewFeature {
            id: feature_id(&format!("{owner}-{number}")),
            agency: agency(owner),
            geometry: FeatureGeoJson::LineString(line.collect()),
            ..river(&[], &[])
        };
        registry.put_feature(ACTOR, new)
    };
    let most = MAX_POSITIONS_OF_AGENCY / MAX_POSITIONS;
    for number in 0..most {
        put(number, "seoul").unwrap();
    }
    let refused = put(most, "seoul").unwrap_err();
    assert_eq!(refused.code(), "too-many-positions");
    // Nothing is told of all features, and another agency has its own room.
    assert!(refused.to_string().contains("agency"), "{refused}");
    put(0, "busan").unwrap();
    put(0, "seoul").unwrap();
}
