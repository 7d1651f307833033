//! Groups: who is in them, and that they stand as they were made.

mod following;

use std::collections::BTreeSet;

use device_registry::{
    Actor, DevicePatch, ErrorClass, Group, GroupPatch, NewBoundary, NewDescription, NewGroup,
    NewMembers, NewQuery, OperationError, Patch, Snapshot,
};
use domain::{BoundaryName, DeviceId, GroupId};
use proptest::prelude::*;

use crate::harness::{TestRegistry, agency, device, model, new_device, place};

fn group(id: &str) -> GroupId {
    GroupId::new(id).unwrap()
}

fn new_group(members: NewMembers) -> NewGroup {
    NewGroup {
        id: group("lots"),
        agency: agency("seoul"),
        name: "주차장".to_owned(),
        members,
    }
}

fn listed(ids: &[&str]) -> NewMembers {
    NewMembers::Listed(ids.iter().map(|id| device(id)).collect())
}

fn members(snapshot: &Snapshot, group: &Group) -> Vec<String> {
    let found = snapshot.group_devices(group);
    found.devices.iter().map(DeviceId::to_string).collect()
}

/// Three lots of Seoul's and one of Busan's, each a kilometre further east.
fn lots() -> TestRegistry {
    let test = TestRegistry::two_agencies();
    for (number, name) in ["한강 1", "한강 2", "시청", "한강 4"].iter().enumerate() {
        let mut new = new_device(&format!("lot-{number}"));
        new.name = (*name).to_owned();
        new.location = Some(place(37.5, 127.0 + number as f64 / 100.0));
        new.description.tags = Some(vec![["river", "hall"][number / 2].to_owned()]);
        if number == 3 {
            new.agency = agency("busan");
        }
        test.registry
            .register_device(&Actor::OPERATOR, new)
            .unwrap();
    }
    test
}

#[test]
fn a_list_holds_what_it_was_given_until_it_is_given_something_else() {
    let test = lots();
    let create = |members| {
        test.registry
            .create_group(&Actor::OPERATOR, new_group(members))
    };
    for (wrong, code) in [
        (listed(&["lot-0", "nobody"]), "unknown-device"),
        // Of another agency.
        (listed(&["lot-3"]), "unknown-device"),
    ] {
        let error = create(wrong).unwrap_err();
        assert_eq!((error.code(), error.class()), (code, ErrorClass::Invalid));
    }
    create(listed(&["lot-2", "lot-0", "lot-2"])).unwrap();
    let error = create(listed(&[])).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Conflict);

    let test = test.kill();
    let snapshot = test.registry.snapshot();
    let made = snapshot.group(&group("lots")).unwrap();
    assert_eq!(members(&snapshot, made), ["lot-0", "lot-2"]);
    let datastreams = snapshot.group_devices(made).datastreams;
    let of_lot = |id: &str| snapshot.device(id).unwrap().datastreams.len();
    assert_eq!(datastreams.len(), of_lot("lot-0") + of_lot("lot-2"));

    let patch = GroupPatch {
        members: Some(listed(&["lot-1"])),
        ..GroupPatch::default()
    };
    test.registry
        .patch_group(&Actor::OPERATOR, made, patch)
        .unwrap();
    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    let patched = snapshot.group(&group("lots")).unwrap();
    assert_eq!(patched.name, "주차장");
    assert_eq!(members(&snapshot, patched), ["lot-1"]);
    let remove = || test.registry.remove_group(&Actor::OPERATOR, patched);
    remove().unwrap();
    let again = remove();
    assert_eq!(again.unwrap_err().class(), ErrorClass::NotFound);
    let test = test.reopen();
    assert_eq!(test.registry.snapshot().groups().count(), 0);
}

/// Who was permitted to change one group is not thereby permitted to change the
/// next one of that name.
#[test]
fn a_group_that_was_made_anew_is_another() {
    let test = lots();
    let make = |agency_id: &str| {
        let new = NewGroup {
            agency: agency(agency_id),
            ..new_group(listed(&[]))
        };
        let made = test.registry.create_group(&Actor::OPERATOR, new);
        made.unwrap()
    };
    let remove = |group: &Group| test.registry.remove_group(&Actor::OPERATOR, group);
    for next in ["busan", "seoul"] {
        let looked_at = make("seoul");
        remove(&looked_at).unwrap();
        test.pass_seconds(1);
        let standing = make(next);
        let patch = GroupPatch {
            name: Some("남의 것".to_owned()),
            ..GroupPatch::default()
        };
        let patched = test
            .registry
            .patch_group(&Actor::OPERATOR, &looked_at, patch);
        assert_eq!(patched.unwrap_err().class(), ErrorClass::NotFound);
        let removed = remove(&looked_at);
        assert_eq!(removed.unwrap_err().class(), ErrorClass::NotFound);
        let snapshot = test.registry.snapshot();
        assert_eq!(snapshot.group(&standing.id), Some(&standing));
        remove(&standing).unwrap();
    }
}

/// Of three lots the middle one is within.
fn put_middle(test: &TestRegistry) -> BoundaryName {
    let ring = [
        (127.005, 37.0),
        (127.015, 37.0),
        (127.015, 38.0),
        (127.005, 38.0),
        (127.005, 37.0),
    ];
    let ring = ring.map(|(lon, lat)| vec![lon, lat]).to_vec();
    let name = BoundaryName::new("middle").unwrap();
    let boundary = NewBoundary {
        name: name.clone(),
        title_en: "Middle".to_owned(),
        title_ko: "가운데".to_owned(),
        geometry: device_registry::GeoJson::Polygon(vec![ring]),
    };
    test.registry
        .put_boundary(&Actor::OPERATOR, boundary)
        .unwrap();
    name
}

/// Queries, and the lots that each finds.
fn queries(middle: &BoundaryName) -> [(NewQuery, Vec<&'static str>); 7] {
    let any = NewQuery::default();
    [
        (any.clone(), vec!["lot-0", "lot-1", "lot-2"]),
        (
            NewQuery {
                tag: Some("river".to_owned()),
                ..any.clone()
            },
            vec!["lot-0", "lot-1"],
        ),
        (
            NewQuery {
                text: Some("한강".to_owned()),
                ..any.clone()
            },
            vec!["lot-0", "lot-1"],
        ),
        (
            NewQuery {
                bbox: Some("127.005,37,128,38".parse().unwrap()),
                ..any.clone()
            },
            vec!["lot-1", "lot-2"],
        ),
        (
            NewQuery {
                boundary: Some(middle.clone()),
                ..any.clone()
            },
            vec!["lot-1"],
        ),
        (
            NewQuery {
                model: Some(model("safety.air")),
                ..any.clone()
            },
            vec![],
        ),
        (
            NewQuery {
                text: Some("lot".to_owned()),
                tag: Some("hall".to_owned()),
                ..any
            },
            vec!["lot-2"],
        ),
    ]
}

#[test]
fn a_query_asks_anew_each_time() {
    let test = lots();
    let name = put_middle(&test);
    let queries = queries(&name);
    for (number, (query, _)) in queries.iter().enumerate() {
        let mut new = new_group(NewMembers::Query(query.clone()));
        new.id = group(&format!("group-{number}"));
        test.registry.create_group(&Actor::OPERATOR, new).unwrap();
    }
    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    for (number, (query, expected)) in queries.iter().enumerate() {
        let made = snapshot.group(&group(&format!("group-{number}"))).unwrap();
        assert_eq!(members(&snapshot, made), *expected, "{query:?}");
    }
    // A lot that moves, and is called otherwise, is in other groups at once.
    let patch = DevicePatch {
        name: Some("노들".to_owned()),
        location: Patch::Set(place(37.5, 127.01)),
        description: NewDescription {
            tags: Some(vec!["island".to_owned()]),
            ..NewDescription::default()
        },
        ..DevicePatch::default()
    };
    test.registry
        .patch_device(&Actor::OPERATOR, &device("lot-0"), patch)
        .unwrap();
    test.registry
        .remove_boundary(&Actor::OPERATOR, &name)
        .unwrap();
    let snapshot = test.registry.snapshot();
    for (number, expected) in [
        (1, vec!["lot-1"]),
        (2, vec!["lot-1"]),
        (3, vec!["lot-0", "lot-1", "lot-2"]),
        (4, vec![]),
    ] {
        let made = snapshot.group(&group(&format!("group-{number}"))).unwrap();
        assert_eq!(members(&snapshot, made), expected, "group-{number}");
    }
}

#[test]
fn a_query_names_what_there_is() {
    let test = lots();
    let any = NewQuery::default();
    for (query, code) in [
        (
            NewQuery {
                model: Some(model("a.b")),
                ..any.clone()
            },
            "unknown-model",
        ),
        (
            NewQuery {
                boundary: Some(BoundaryName::new("x").unwrap()),
                ..any.clone()
            },
            "unknown-boundary",
        ),
        (
            NewQuery {
                tag: Some("two words".to_owned()),
                ..any.clone()
            },
            "invalid-tag",
        ),
        (
            NewQuery {
                text: Some(" ".to_owned()),
                ..any
            },
            "invalid-text",
        ),
    ] {
        let new = new_group(NewMembers::Query(query));
        let error = test
            .registry
            .create_group(&Actor::OPERATOR, new)
            .unwrap_err();
        assert_eq!((error.code(), error.class()), (code, ErrorClass::Invalid));
    }
}

proptest! {
    // Each case makes a registry on the disk.
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever is made, changed and taken away, the rows make the snapshot.
    #[test]
    fn the_rows_make_the_groups(
        steps in prop::collection::vec((0..4_u8, prop::option::of(prop::collection::btree_set(0..3_u8, 0..3))), 1..12)
    ) {
        let mut test = lots();
        let mut expected = std::collections::BTreeMap::<GroupId, BTreeSet<u8>>::new();
        for (number, lots) in steps {
            let id = group(&format!("group-{number}"));
            let registry = &test.registry;
            let snapshot = registry.snapshot();
            match lots {
                None => {
                    let standing = snapshot.group(&id);
                    prop_assert_eq!(standing.is_some(), expected.remove(&id).is_some());
                    if let Some(standing) = standing {
                        registry.remove_group(&Actor::OPERATOR, standing).unwrap();
                    }
                }
                Some(lots) => {
                    let ids = lots.iter().map(|lot| device(&format!("lot-{lot}")));
                    let members = NewMembers::Listed(ids.collect());
                    if expected.contains_key(&id) {
                        let patch = GroupPatch { members: Some(members), name: None };
                        let standing = snapshot.group(&id).unwrap();
                        registry.patch_group(&Actor::OPERATOR, standing, patch).unwrap();
                    } else {
                        let new = NewGroup { id: id.clone(), ..new_group(members) };
                        registry.create_group(&Actor::OPERATOR, new).unwrap();
                    }
                    expected.insert(id, lots);
                }
            }
            let before = test.registry.snapshot();
            test = test.reopen();
            let after = test.registry.snapshot();
            prop_assert_eq!(&*before, &*after);
            let kept: Vec<_> = after.groups().map(|one| (one.id.clone(), one.listed_devices())).collect();
            let counted: Vec<_> = expected.iter().map(|(id, lots)| (id.clone(), lots.len())).collect();
            prop_assert_eq!(kept, counted);
        }
    }
}
