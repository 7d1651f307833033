//! One thing that devices of several models serve, beside and after each other.

use std::collections::BTreeSet;

use device_registry::{Actor, NewDevice, REGISTRY_FILE, ReplaceDeviceError};
use domain::{DatastreamId, ModelId, ThingId};

use super::{numbers, register, replacement};
use crate::harness::{TestRegistry, device, extra_datastream, model, new_device, open_at};

fn serving(thing: &str, id: &str, of: &str) -> NewDevice {
    let mut new = serving_alone(id, of);
    new.thing = Some(ThingId::new(thing).unwrap());
    new
}

fn serving_alone(id: &str, of: &str) -> NewDevice {
    let mut new = new_device(id);
    new.model = model(of);
    new
}

fn model_of(test: &TestRegistry, id: &str) -> ModelId {
    let snapshot = test.registry.snapshot();
    snapshot.device(id).unwrap().model.id.clone()
}

fn number(test: &TestRegistry, id: &str, field: &str) -> DatastreamId {
    let snapshot = test.registry.snapshot();
    let device = snapshot.device(id).unwrap();
    device.datastream(field).unwrap().id
}

#[test]
fn devices_of_several_models_serve_one_thing_each_with_datastreams_of_its_own() {
    let test = TestRegistry::new();
    register(&test, new_device("pole"));
    register(&test, serving("pole", "nose", "safety.air"));
    let (pole, nose) = (numbers(&test, "pole"), numbers(&test, "nose"));
    assert!(pole.iter().all(|number| !nose.contains(number)));
    assert_ne!(
        number(&test, "pole", "battery"),
        number(&test, "nose", "battery")
    );
    // What their models do not know, too.
    let extra = |id: &str| {
        let made = extra_datastream(&test.registry, &device(id), "smell");
        made.unwrap()
    };
    assert_ne!(extra("pole"), extra("nose"));
    let (pole, nose) = (numbers(&test, "pole"), numbers(&test, "nose"));
    let before = test.registry.snapshot();
    assert_eq!(
        before.thing("pole").unwrap().datastreams.len(),
        pole.len() + nose.len()
    );
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());

    // One breaks: its datastreams go on, and the other's are as they were.
    let registry = &test.registry;
    registry
        .replace_device(&Actor::OPERATOR, &device("nose"), replacement("nose-2"))
        .unwrap();
    assert_eq!(numbers(&test, "nose-2"), nose);
    assert_eq!(numbers(&test, "pole"), pole);
    let battery = number(&test, "nose-2", "battery");
    let snapshot = registry.snapshot();
    let sender = |number| snapshot.datastream(number).unwrap().device.clone();
    assert_eq!(sender(battery), device("nose-2"));
    assert_eq!(sender(pole[0]), device("pole"));
}

/// Before, the thing had two datastreams of one field and model, with one topic
/// and one series in a feed.
#[test]
fn a_replacement_is_not_of_the_model_of_another_device_there() {
    let test = TestRegistry::new();
    register(&test, new_device("pole"));
    register(&test, serving("pole", "nose", "safety.air"));
    let before = test.registry.snapshot();
    let mut next = replacement("pole-2");
    next.model = Some(model("safety.air"));
    let error = test
        .registry
        .replace_device(&Actor::OPERATOR, &device("pole"), next)
        .unwrap_err();
    let ReplaceDeviceError::Succeeded { by, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*by, device("nose"));
    assert!(*before == *test.registry.snapshot());
}

#[test]
fn a_device_out_of_service_leaves_what_it_sent_to_one_of_another_model() {
    let test = TestRegistry::new();
    register(&test, new_device("pole"));
    let battery = number(&test, "pole", "battery");
    let smell = extra_datastream(&test.registry, &device("pole"), "smell").unwrap();
    test.registry
        .decommission_device(&Actor::OPERATOR, &device("pole"))
        .unwrap();
    register(&test, serving("pole", "nose", "safety.air"));
    assert_eq!(number(&test, "nose", "battery"), battery);
    let again = extra_datastream(&test.registry, &device("nose"), "smell").unwrap();
    let snapshot = test.registry.snapshot();
    let sender = snapshot.datastream(again).unwrap().device;
    assert_eq!((again, sender), (smell, &device("nose")));
    let before = test.registry.snapshot();
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());
}

#[test]
fn devices_of_one_model_share_the_datastreams_of_their_thing() {
    let test = TestRegistry::new();
    register(&test, new_device("pole"));
    register(&test, serving("pole", "nose", "safety.air"));
    let before = numbers(&test, "pole");
    let of_model = model_of(&test, "pole");
    register(&test, serving("pole", "pole-2", of_model.as_str()));
    assert_eq!(numbers(&test, "pole-2"), before);
    assert_eq!(numbers(&test, "pole"), before);
    let snapshot = test.registry.snapshot();
    let senders = before
        .iter()
        .map(|id| snapshot.datastream(*id).unwrap().device);
    assert!(
        senders
            .into_iter()
            .all(|sender| *sender == device("pole-2"))
    );
}

/// Before, it had the other device's for good, and both sent to one.
#[test]
fn a_new_field_that_another_device_has_is_made_at_the_next_start_too() {
    let test = TestRegistry::new();
    let of = |field: &str| {
        format!(
            r#"{{"id": "other.pole", "title": {{"en": "x", "ko": "x"}}, "fields": [
            {{"name": "x", "kind": "number", "unit": "m", "title": {{"en": "x", "ko": "x"}}}}{field}]}}"#
        )
    };
    let first = of("");
    test.registry
        .add_model(&Actor::OPERATOR, first.as_bytes())
        .unwrap();
    let mut pole = new_device("pole");
    pole.model = model("other.pole");
    register(&test, pole);
    register(&test, serving("pole", "nose", "safety.air"));
    // As after an end between the new version and what its devices get by it.
    let field =
        r#", {"name": "pm10", "kind": "number", "unit": "ug/m3", "title": {"en": "x", "ko": "x"}}"#;
    let TestRegistry { registry, dir, .. } = test;
    drop(registry);
    let file = rusqlite::Connection::open(dir.path().join(REGISTRY_FILE)).unwrap();
    let sql = "INSERT INTO model (id, version, content, origin, created)
               SELECT id, 2, ?1, origin, created FROM model WHERE id = 'other.pole'";
    file.execute(sql, [&of(field)]).unwrap();
    drop(file);
    let registry = open_at(dir.path()).unwrap();
    let snapshot = registry.snapshot();
    for id in ["pole", "nose"] {
        let found = snapshot.device(id).unwrap().datastream("pm10").unwrap();
        assert_eq!(*found.device, device(id));
    }
}

fn decommission(test: &TestRegistry, id: &str) {
    test.registry
        .decommission_device(&Actor::OPERATOR, &device(id))
        .unwrap();
}

/// A topic and a series of a feed are named by thing, model and field.
fn each_name_has_one_datastream(test: &TestRegistry) {
    let mut names = BTreeSet::new();
    for one in test.registry.snapshot().datastreams(DatastreamId::new(0)) {
        let name = (one.thing.clone(), one.model.clone(), one.field.clone());
        assert!(names.insert(name), "{} {} twice", one.model, one.field);
    }
}

/// Before, it kept the former model, and an active device of that sent to it too.
#[test]
fn an_extra_field_that_is_taken_over_is_of_the_model_of_who_sends_it() {
    let test = TestRegistry::new();
    register(&test, new_device("pole"));
    let smell = extra_datastream(&test.registry, &device("pole"), "smell").unwrap();
    decommission(&test, "pole");
    register(&test, serving("pole", "nose", "safety.air"));
    let taken = extra_datastream(&test.registry, &device("nose"), "smell").unwrap();
    let snapshot = test.registry.snapshot();
    let model = snapshot.datastream(taken).unwrap().model;
    assert_eq!((taken, model.as_str()), (smell, "safety.air"));
    // Another one of the former model.
    register(&test, serving("pole", "pole-2", "traffic.parking"));
    let apart = extra_datastream(&test.registry, &device("pole-2"), "smell").unwrap();
    assert_ne!(apart, taken);
    assert_eq!(number(&test, "nose", "smell"), taken);
    each_name_has_one_datastream(&test);
    let before = test.registry.snapshot();
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());
}

/// Before, what one device of a model left was given away, though another of that
/// model still sent to it.
#[test]
fn what_devices_of_one_model_share_is_free_when_none_of_them_is_in_service() {
    let test = TestRegistry::new();
    register(&test, new_device("pole"));
    let of_model = model_of(&test, "pole");
    register(&test, serving("pole", "pole-2", of_model.as_str()));
    let smell = extra_datastream(&test.registry, &device("pole-2"), "smell").unwrap();
    let before = numbers(&test, "pole");
    decommission(&test, "pole-2");
    register(&test, serving("pole", "nose", "safety.air"));
    let apart = extra_datastream(&test.registry, &device("nose"), "smell").unwrap();
    assert_ne!(apart, smell);
    assert_eq!(numbers(&test, "pole"), before);
    let nose = numbers(&test, "nose");
    assert!(before.iter().all(|number| !nose.contains(number)));
    each_name_has_one_datastream(&test);
}

/// Before, it was validated by the definition of a model that is not the device's.
#[test]
fn a_field_that_only_the_former_model_knows_is_another_one() {
    let test = TestRegistry::new();
    register(&test, serving_alone("nose", "safety.air"));
    let pm10 = number(&test, "nose", "pm10");
    decommission(&test, "nose");
    register(&test, serving("nose", "lot", "traffic.parking"));
    let extra = extra_datastream(&test.registry, &device("lot"), "pm10").unwrap();
    assert_ne!(extra, pm10);
    let snapshot = test.registry.snapshot();
    let made = snapshot.datastream(extra).unwrap();
    assert_eq!((made.unit, made.definition), (None, None));
    let snapshot = test.registry.snapshot();
    let former = snapshot.datastream(pm10).unwrap();
    assert!(former.definition.is_some() && *former.device == device("nose"));
}

/// Before, the thing had two datastreams of one field and model.
#[test]
fn a_replacement_goes_on_with_what_its_own_model_left() {
    let test = TestRegistry::new();
    register(&test, new_device("pole"));
    register(&test, serving("pole", "nose", "safety.air"));
    let left = numbers(&test, "nose");
    decommission(&test, "nose");
    let mut next = replacement("pole-2");
    next.model = Some(model("safety.air"));
    test.registry
        .replace_device(&Actor::OPERATOR, &device("pole"), next)
        .unwrap();
    each_name_has_one_datastream(&test);
    assert_eq!(numbers(&test, "pole-2"), left);
    let before = test.registry.snapshot();
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());
}

/// Before, it took over what the other one of the former model sends to as well.
#[test]
fn a_replacement_of_another_model_leaves_what_others_share() {
    let test = TestRegistry::new();
    register(&test, new_device("pole"));
    let of_model = model_of(&test, "pole");
    register(&test, serving("pole", "pole-2", of_model.as_str()));
    let shared = numbers(&test, "pole");
    let mut next = replacement("nose");
    next.model = Some(model("safety.air"));
    test.registry
        .replace_device(&Actor::OPERATOR, &device("pole-2"), next)
        .unwrap();
    assert_eq!(numbers(&test, "pole"), shared);
    let nose = numbers(&test, "nose");
    assert!(shared.iter().all(|number| !nose.contains(number)));
    each_name_has_one_datastream(&test);
}
