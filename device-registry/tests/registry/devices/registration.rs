//! Devices, their things and their datastreams.

use device_registry::{
    Actor, DevicePatch, DeviceStatus, ErrorClass, ExtraDatastreamError, Licence, MAX_EXTRA_FIELDS,
    NewAgency, NewDevice, OperationError, Patch, Visibility,
};
use domain::{DatastreamId, ThingId, Timestamp};

use crate::harness::{TestRegistry, agency, device, extra_datastream, model, new_device, place};

#[test]
fn a_device_brings_its_thing_and_a_datastream_for_each_field() {
    let test = TestRegistry::new();
    let mut new = new_device("lot-1");
    new.alias = Some("00:1B:44:11:3A:B7".to_owned());
    new.location = Some(place(37.5665, 126.978));
    new.visibility = Some(Visibility::Public);
    new.licence = Some(Licence::parse("CC-BY-4.0").unwrap());
    let made = test
        .registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    assert_eq!(made.name, "lot-1");

    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    let found = snapshot.device("lot-1").unwrap();
    assert_eq!(*found, made);
    let fields: Vec<&str> = found
        .datastreams
        .iter()
        .map(|datastream| datastream.field.as_str())
        .collect();
    assert_eq!(
        fields,
        ["total", "available", "battery", "rssi", "snr", "firmware"]
    );
    let first = found.datastreams.get(0).unwrap();
    assert_eq!(first.id, DatastreamId::new(1));
    assert_eq!(first.unit, Some("1"));
    assert_eq!(first.visibility, Visibility::Public);
    assert_eq!(&*first.licence.0, "CC-BY-4.0");
    assert_eq!(first.attribution, "서울특별시");
    assert_eq!(snapshot.datastream(first.id), Some(first));
    for login in ["lot-1", "00:1b:44:11:3a:b7", "00:1B:44:11:3A:B7"] {
        assert_eq!(snapshot.device_by_login(login), Some(found), "{login}");
    }
    assert_eq!(snapshot.thing("lot-1").unwrap().location(), found.location);
}

#[test]
fn what_cannot_be_registered_is_told_and_leaves_nothing() {
    let test = TestRegistry::new();
    let mut taken = new_device("lot-1");
    taken.alias = Some("00:1b:44:11:3a:b7".to_owned());
    test.registry
        .register_device(&Actor::OPERATOR, taken)
        .unwrap();
    let before = test.registry.snapshot();

    type Case = (&'static str, ErrorClass, fn(&mut NewDevice));
    let cases: [Case; 9] = [
        ("device-exists", ErrorClass::Conflict, |new| {
            new.id = device("lot-1");
        }),
        ("unknown-agency", ErrorClass::Invalid, |new| {
            new.agency = agency("busan");
        }),
        ("unknown-model", ErrorClass::Invalid, |new| {
            new.model = model("no.model");
        }),
        ("unknown-thing", ErrorClass::Invalid, |new| {
            new.thing = Some(ThingId::new("nothing").unwrap());
        }),
        ("invalid-alias", ErrorClass::Invalid, |new| {
            new.alias = Some("lot-1".to_owned());
        }),
        ("invalid-alias", ErrorClass::Invalid, |new| {
            new.alias = Some("00:1b:44".to_owned());
        }),
        ("alias-taken", ErrorClass::Conflict, |new| {
            new.alias = Some("00:1B:44:11:3A:B7".to_owned());
        }),
        ("invalid-text", ErrorClass::Invalid, |new| {
            new.name = "\u{7}".to_owned();
        }),
        ("invalid-key", ErrorClass::Invalid, |new| {
            new.keys = vec![device_registry::NewKey {
                alg: "EdDSA".to_owned(),
                public_key: "AAAA".to_owned(),
                expires: None,
            }];
        }),
    ];
    for (code, class, spoil) in cases {
        let mut new = new_device("lot-2");
        spoil(&mut new);
        let error = test
            .registry
            .register_device(&Actor::OPERATOR, new)
            .unwrap_err();
        assert_eq!((error.code(), error.class()), (code, class), "{error}");
        assert!(!error.to_string().is_empty());
    }
    assert_eq!(*test.registry.snapshot(), *before);
    // Numbers were not used up either.
    let next = test
        .registry
        .register_device(&Actor::OPERATOR, new_device("lot-2"))
        .unwrap();
    assert_eq!(next.datastreams.get(0).unwrap().id, DatastreamId::new(7));
}

#[test]
fn a_replaced_device_leaves_thing_and_datastreams_to_the_next() {
    let test = TestRegistry::new();
    let mut first = new_device("lot-1");
    first.location = Some(place(37.5, 127.0));
    let first = test
        .registry
        .register_device(&Actor::OPERATOR, first)
        .unwrap();
    let extra = extra_datastream(&test.registry, &first.id, "ev_chargers").unwrap();
    test.registry
        .revoke_device(&Actor::OPERATOR, &first.id)
        .unwrap();

    let mut next = new_device("lot-1b");
    next.thing = Some(first.thing.clone());
    let next = test
        .registry
        .register_device(&Actor::OPERATOR, next)
        .unwrap();
    assert_eq!(next.thing, first.thing);
    assert_eq!(next.location, first.location);
    let ids = |device: &device_registry::Device| -> Vec<DatastreamId> {
        device.datastreams.iter().map(|one| one.id).collect()
    };
    assert_eq!(ids(&next)[..6], ids(&first)[..]);
    assert_eq!(ids(&next)[6], extra);
    assert!(
        next.datastreams
            .iter()
            .take(6)
            .all(|one| *one.device == next.id)
    );

    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    assert_eq!(*snapshot.device("lot-1b").unwrap(), next);
    let served: Vec<&str> = snapshot
        .devices_of(&first.thing)
        .map(|device| device.id.as_str())
        .collect();
    assert_eq!(served, ["lot-1", "lot-1b"]);
}

#[test]
fn a_thing_is_not_taken_from_another_agency_or_by_another_meaning() {
    let test = TestRegistry::new();
    test.registry
        .create_agency(
            &Actor::OPERATOR,
            NewAgency {
                id: agency("busan"),
                name: "부산광역시".to_owned(),
            },
        )
        .unwrap();
    let standing = test
        .registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    let mut stranger = new_device("lot-2");
    stranger.agency = agency("busan");
    stranger.thing = Some(standing.thing.clone());
    let error = test
        .registry
        .register_device(&Actor::OPERATOR, stranger)
        .unwrap_err();
    assert_eq!(error.code(), "thing-of-another-agency");

    let in_percent = r#"{"id": "traffic.garage", "title": {"en": "Garage", "ko": "차고"}, "fields": [
        {"name": "available", "unit": "%", "title": {"en": "Free share", "ko": "가용비율"}}]}"#;
    test.registry
        .add_model(&Actor::OPERATOR, in_percent.as_bytes())
        .unwrap();
    let mut other = new_device("lot-3");
    other.model = model("traffic.garage");
    other.thing = Some(standing.thing.clone());
    test.registry
        .revoke_device(&Actor::OPERATOR, &standing.id)
        .unwrap();
    let error = test
        .registry
        .register_device(&Actor::OPERATOR, other)
        .unwrap_err();
    assert_eq!(error.code(), "thing-of-other-model");
}

#[test]
fn the_place_of_an_observation_is_where_the_thing_was_then() {
    let test = TestRegistry::new();
    let mut new = new_device("lot-1");
    new.location = Some(place(37.5, 127.0));
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    let before = test.now();
    test.pass_seconds(3_600);
    let moved = test.now();
    let patch = DevicePatch {
        location: Patch::Set(place(37.6, 127.1)),
        ..DevicePatch::default()
    };
    let patched = test
        .registry
        .patch_device(&Actor::OPERATOR, &device("lot-1"), patch)
        .unwrap();
    assert_eq!(patched.location, Some(place(37.6, 127.1)));

    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    let thing = snapshot.thing("lot-1").unwrap();
    let years_ago = Timestamp::from_micros(0);
    assert_eq!(thing.location_at(years_ago), Some(place(37.5, 127.0)));
    assert_eq!(thing.location_at(before), Some(place(37.5, 127.0)));
    assert_eq!(thing.location_at(moved), Some(place(37.6, 127.1)));
    assert_eq!(snapshot.device("lot-1").unwrap().location, thing.location());
}

#[test]
fn a_move_says_since_when_it_was_and_never_that_it_will_be() {
    let test = TestRegistry::new();
    let mut new = new_device("lot-1");
    new.location = Some(place(37.5, 127.0));
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    let since = test.now();
    test.pass_seconds(3_600);
    let patch = |since, location| DevicePatch {
        location,
        since,
        ..DevicePatch::default()
    };
    let there = Patch::Set(place(37.6, 127.1));
    let change = |patch| {
        let id = device("lot-1");
        test.registry.patch_device(&Actor::OPERATOR, &id, patch)
    };
    change(patch(Some(since), there)).unwrap();
    let later = Timestamp::from_micros(test.now().as_micros() + 1);
    for wrong in [patch(Some(later), there), patch(Some(since), Patch::Keep)] {
        let error = change(wrong).unwrap_err();
        assert_eq!(error.code(), "invalid-since");
        assert_eq!(error.class(), ErrorClass::Invalid);
    }
    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    let thing = snapshot.thing("lot-1").unwrap();
    let before = Timestamp::from_micros(since.as_micros() - 1);
    assert_eq!(thing.location_at(before), Some(place(37.5, 127.0)));
    assert_eq!(thing.location_at(since), Some(place(37.6, 127.1)));
}

#[test]
fn a_patch_reaches_the_datastreams_and_the_generation() {
    let test = TestRegistry::new();
    let made = test
        .registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    let before = test.registry.generation();
    let patch = DevicePatch {
        name: Some("City hall".to_owned()),
        visibility: Some(Visibility::Public),
        attribution: Some("Seoul".to_owned()),
        expires: Patch::Set(test.now()),
        ..DevicePatch::default()
    };
    let patched = test
        .registry
        .patch_device(&Actor::OPERATOR, &made.id, patch)
        .unwrap();
    assert!(test.registry.generation() > before);
    assert_eq!(patched.name, "City hall");
    assert!(!patched.admitted(test.now()));
    let snapshot = test.registry.snapshot();
    for datastream in patched.datastreams.iter() {
        assert_eq!(datastream.visibility, Visibility::Public);
        assert_eq!(datastream.attribution, "Seoul");
        assert_eq!(snapshot.datastream(datastream.id), Some(datastream));
    }
    let clear = DevicePatch {
        expires: Patch::Clear,
        ..DevicePatch::default()
    };
    let patched = test
        .registry
        .patch_device(&Actor::OPERATOR, &made.id, clear)
        .unwrap();
    assert!(patched.admitted(test.now()));
    assert_eq!(patched.name, "City hall");
    let error = test
        .registry
        .patch_device(&Actor::OPERATOR, &device("nobody"), DevicePatch::default())
        .unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotFound);
}

#[test]
fn a_revocation_is_final_and_told_at_once() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    let test = TestRegistry::new();
    let told = Arc::new(AtomicU64::new(0));
    let listener = Arc::clone(&told);
    test.registry
        .on_change(move |generation| listener.store(generation, Ordering::SeqCst));
    test.registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    assert_eq!(
        told.load(Ordering::SeqCst),
        0,
        "an addition disturbs nobody"
    );

    let revoked = test
        .registry
        .revoke_device(&Actor::OPERATOR, &device("lot-1"))
        .unwrap();
    assert_eq!(revoked.status, DeviceStatus::Revoked);
    assert_eq!(told.load(Ordering::SeqCst), test.registry.generation());
    let after = test.registry.generation();
    test.registry
        .revoke_device(&Actor::OPERATOR, &device("lot-1"))
        .unwrap();
    assert_eq!(test.registry.generation(), after, "twice is as once");
    assert!(
        test.registry
            .register_device(&Actor::OPERATOR, new_device("lot-1"))
            .is_err()
    );
    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    assert!(!snapshot.device("lot-1").unwrap().admitted(test.now()));
}

#[test]
fn an_unknown_field_gets_one_extra_datastream_up_to_a_limit() {
    let test = TestRegistry::new();
    let made = test
        .registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    let ensure = |field: &str| extra_datastream(&test.registry, &made.id, field);
    let first = ensure("ev_chargers").unwrap();
    let snapshot = test.registry.snapshot();
    assert_eq!(snapshot.datastream(first).unwrap().definition, None);
    assert_eq!(ensure("ev_chargers").unwrap(), first);
    assert_eq!(
        ensure("total").unwrap(),
        made.datastreams.get(0).unwrap().id
    );
    assert!(matches!(
        ensure("a/b"),
        Err(ExtraDatastreamError::Field { .. })
    ));
    for index in 1..MAX_EXTRA_FIELDS {
        ensure(&format!("extra-{index}")).unwrap();
    }
    assert!(matches!(
        ensure("one-more"),
        Err(ExtraDatastreamError::TooMany)
    ));
    assert_eq!(ensure("ev_chargers").unwrap(), first);

    let extra = test.registry.snapshot().extra_fields();
    assert_eq!(extra.len(), MAX_EXTRA_FIELDS);
    assert_eq!(extra[0].field.as_str(), "ev_chargers");
    assert_eq!(
        (extra[0].model.as_str(), extra[0].datastreams),
        ("traffic.parking", 1)
    );
}
