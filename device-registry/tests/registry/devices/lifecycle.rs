//! What becomes of a device: transferred, replaced, taken out of service. Its
//! datastreams, their numbers and their history outlive all of it.

mod several_models;

use device_registry::{
    Actor, DevicePatch, ErrorClass, NewDevice, OldCredentials, OperationError, Patch,
    RegisterDeviceError, ReplaceDeviceError, Replacement, Transfer, TransferDeviceError,
    Visibility,
};
use domain::{DatastreamId, Timestamp};

use crate::harness::{DeviceKey, TestRegistry, agency, device, extra_datastream, new_device};

fn register(test: &TestRegistry, new: NewDevice) {
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
}

fn child_of(gateway: &str, id: &str) -> NewDevice {
    let mut new = new_device(id);
    new.gateway = Some(device(gateway));
    new
}

fn transfer(test: &TestRegistry, id: &str, to: &str) -> Result<(), TransferDeviceError> {
    let snapshot = test.registry.snapshot();
    let transfer = Transfer {
        from: snapshot
            .device(id)
            .map_or_else(|| agency("seoul"), |device| device.agency.clone()),
        to: agency(to),
        credentials: OldCredentials::Keep,
    };
    test.registry
        .transfer_device(&Actor::OPERATOR, &device(id), &transfer)
        .map(drop)
}

fn numbers(test: &TestRegistry, id: &str) -> Vec<DatastreamId> {
    let snapshot = test.registry.snapshot();
    let device = snapshot.device(id).unwrap();
    device.datastreams.iter().map(|one| one.id).collect()
}

fn public_of(test: &TestRegistry, agency: &str) -> usize {
    let snapshot = test.registry.snapshot();
    snapshot.public_datastreams(Some(agency), |_| true).count()
}

fn replacement(id: &str) -> Replacement {
    Replacement {
        id: device(id),
        model: None,
        alias: None,
        name: None,
        keys: vec![DeviceKey::ed25519(9).public()],
        expires: None,
    }
}

#[test]
fn a_transfer_takes_all_of_a_thing_and_its_former_owner_stays_known() {
    let test = TestRegistry::two_agencies();
    let mut new = new_device("lot-1");
    new.visibility = Some(Visibility::Public);
    register(&test, new);
    extra_datastream(&test.registry, &device("lot-1"), "smell").unwrap();
    let before = numbers(&test, "lot-1");
    let generation = test.registry.generation();
    test.pass_seconds(60);
    let moved = test.now();
    transfer(&test, "lot-1", "busan").unwrap();
    assert!(
        test.registry.generation() > generation,
        "rights have changed"
    );
    assert_eq!(numbers(&test, "lot-1"), before);
    assert_eq!(public_of(&test, "seoul"), 0);
    assert_eq!(public_of(&test, "busan"), before.len());
    let snapshot = test.registry.snapshot();
    let thing = snapshot.thing("lot-1").unwrap();
    let owners: Vec<(Timestamp, &str)> = thing
        .owners
        .iter()
        .map(|owner| (owner.since, owner.agency.as_str()))
        .collect();
    assert_eq!(owners, [(Timestamp::MIN, "seoul"), (moved, "busan")]);
    assert_eq!(
        &*thing.attribution, "부산광역시",
        "nobody had chosen another"
    );
    let datastreams = &snapshot.device("lot-1").unwrap().datastreams;
    assert!(datastreams.iter().all(|one| *one.agency == agency("busan")));

    // There again: nothing; and back, at the same microsecond.
    let mark = test.registry.mark();
    transfer(&test, "lot-1", "busan").unwrap();
    assert_eq!(test.registry.mark(), mark);
    transfer(&test, "lot-1", "seoul").unwrap();
    let before = test.registry.snapshot();
    let sinces: Vec<_> = before
        .thing("lot-1")
        .unwrap()
        .owners
        .iter()
        .map(|it| it.since)
        .collect();
    assert!(sinces.is_sorted_by(|one, next| one < next));
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());
    assert!(matches!(
        transfer(&test, "lot-1", "nowhere"),
        Err(TransferDeviceError::UnknownAgency(_))
    ));
    let unknown = transfer(&test, "lot-9", "seoul").unwrap_err();
    assert_eq!(unknown.class(), ErrorClass::NotFound);
}

#[test]
fn a_gateway_goes_with_its_children_and_no_child_without_it() {
    let test = TestRegistry::two_agencies();
    register(&test, new_device("gw"));
    register(&test, child_of("gw", "lot-1"));
    register(&test, child_of("gw", "lot-2"));
    assert!(matches!(
        transfer(&test, "lot-1", "busan"),
        Err(TransferDeviceError::BehindGateway { .. })
    ));
    transfer(&test, "gw", "busan").unwrap();
    let snapshot = test.registry.snapshot();
    assert!(
        snapshot
            .devices(None)
            .all(|device| device.agency == agency("busan"))
    );
    let apart = DevicePatch {
        gateway: Patch::Clear,
        ..DevicePatch::default()
    };
    test.registry
        .patch_device(&Actor::OPERATOR, &device("lot-1"), apart)
        .unwrap();
    transfer(&test, "lot-1", "seoul").unwrap();
}

#[test]
fn a_device_out_of_service_is_never_accepted_again_and_its_history_stays() {
    let test = TestRegistry::new();
    let mut new = new_device("lot-1");
    new.keys = vec![DeviceKey::ed25519(1).public()];
    register(&test, new);
    let before = numbers(&test, "lot-1");
    let registry = &test.registry;
    let ended = registry
        .decommission_device(&Actor::OPERATOR, &device("lot-1"))
        .unwrap();
    assert_eq!(ended.decommissioned, Some(test.now()));
    assert!(ended.credentials.is_empty());
    assert!(!ended.admitted(test.now()));
    assert_eq!(numbers(&test, "lot-1"), before);
    let key = DeviceKey::ed25519(2).public();
    assert!(
        registry
            .add_key(&Actor::OPERATOR, &device("lot-1"), &key)
            .is_err()
    );
    let again = registry.register_device(&Actor::OPERATOR, new_device("lot-1"));
    assert!(matches!(again, Err(RegisterDeviceError::Exists(_))));
    let mark = registry.mark();
    registry
        .decommission_device(&Actor::OPERATOR, &device("lot-1"))
        .unwrap();
    assert_eq!(registry.mark(), mark);
    let before = registry.snapshot();
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());
}

#[test]
fn a_new_device_takes_the_place_of_a_broken_one_in_one_change() {
    let test = TestRegistry::two_agencies();
    let mut old = new_device("gw-1");
    old.name = "At the gate".to_owned();
    old.keys = vec![DeviceKey::ed25519(1).public()];
    register(&test, old);
    register(&test, child_of("gw-1", "lot-1"));
    let before = numbers(&test, "gw-1");
    let registry = &test.registry;
    let changes = registry.mark().changes;
    let new = registry
        .replace_device(&Actor::OPERATOR, &device("gw-1"), replacement("gw-2"))
        .unwrap();
    assert_eq!(registry.mark().changes, changes + 1);
    assert_eq!(
        (new.thing.as_str(), new.name.as_str()),
        ("gw-1", "At the gate")
    );
    assert_eq!(numbers(&test, "gw-2"), before, "they go on");
    let snapshot = registry.snapshot();
    let old = snapshot.device("gw-1").unwrap();
    assert!(old.decommissioned.is_some() && old.credentials.is_empty());
    let child = snapshot.device("lot-1").unwrap();
    assert_eq!(child.gateway, Some(device("gw-2")));
    let sender = snapshot.datastream(before[0]).unwrap();
    assert_eq!(*sender.device, device("gw-2"));

    let refused = registry.replace_device(&Actor::OPERATOR, &device("gw-1"), replacement("gw-3"));
    assert!(matches!(
        refused,
        Err(ReplaceDeviceError::Decommissioned(_))
    ));
    let taken = registry.replace_device(&Actor::OPERATOR, &device("gw-2"), replacement("lot-1"));
    assert_eq!(taken.unwrap_err().class(), ErrorClass::Conflict);
    // The thing goes with all devices that ever served it.
    transfer(&test, "gw-2", "busan").unwrap();
    let before = test.registry.snapshot();
    assert_eq!(before.device("gw-1").unwrap().agency, agency("busan"));
    let test = test.reopen();
    assert!(*before == *test.registry.snapshot());
}

/// Before, the newer one's datastreams went over to the new one.
#[test]
fn only_the_device_that_serves_the_thing_is_replaced() {
    let test = TestRegistry::two_agencies();
    register(&test, new_device("lot-1"));
    let mut newer = new_device("lot-2");
    newer.thing = Some(new_device("lot-1").id.into());
    register(&test, newer);
    let before = test.registry.snapshot();
    let replace = |old: &str, new: &str| {
        test.registry
            .replace_device(&Actor::OPERATOR, &device(old), replacement(new))
    };
    let refused = replace("lot-1", "lot-3").unwrap_err();
    assert_eq!(
        (refused.code(), refused.class()),
        ("device-succeeded", ErrorClass::Conflict)
    );
    assert!(refused.to_string().contains("lot-2"), "{refused}");
    assert!(*before == *test.registry.snapshot());
    replace("lot-2", "lot-3").unwrap();
    // One that broke long ago goes on with a new one where nobody serves it now.
    test.registry
        .decommission_device(&Actor::OPERATOR, &device("lot-3"))
        .unwrap();
    replace("lot-1", "lot-4").unwrap();
    let snapshot = test.registry.snapshot();
    let mut served = snapshot.datastreams(DatastreamId::new(0));
    assert!(served.all(|one| *one.device == device("lot-4")));
}

#[test]
fn who_gives_a_device_away_has_it_still_and_keeps_no_way_in() {
    let test = TestRegistry::two_agencies();
    let mut new = new_device("lot-1");
    new.keys = vec![DeviceKey::ed25519(1).public()];
    register(&test, new);
    let transfer = |from: &str| {
        let transfer = Transfer {
            from: agency(from),
            to: agency("busan"),
            credentials: OldCredentials::End,
        };
        test.registry
            .transfer_device(&Actor::OPERATOR, &device("lot-1"), &transfer)
    };
    // Judged by what it was: somebody else was quicker.
    assert!(matches!(
        transfer("busan"),
        Err(TransferDeviceError::Unknown(_))
    ));
    let moved = transfer("seoul").unwrap();
    assert!(moved.credentials.is_empty());
    let before = test.registry.snapshot();
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());
}
