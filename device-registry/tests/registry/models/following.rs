//! Devices follow a new version of their model, in pieces.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use device_registry::{
    Actor, AddModelError, DeviceStatus, ImportRow, ImportTerms, ModelChange, ModelVersion,
    NewAgency, REGISTRY_FILE, Registry,
};

use super::{LEVEL, LID, bin};
use crate::harness::{TestRegistry, agency, device, model, new_device, open_at};

/// With `lot-0` and so many more, of a model that grows.
fn many_bins(test: &TestRegistry, devices: u64) {
    test.registry
        .add_model(&Actor::OPERATOR, &bin(LEVEL))
        .unwrap();
    let rows = (0..devices).map(|line| {
        let mut new = new_device(&format!("lot-{line}"));
        new.model = model("safety.bin");
        ImportRow {
            line: line + 1,
            device: Ok(new),
        }
    });
    let report = test
        .registry
        .import_devices(&Actor::OPERATOR, rows, ImportTerms::APPLY, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(report.errors, []);
}

#[test]
fn a_revocation_comes_in_between_while_many_devices_follow_their_model() {
    let test = TestRegistry::new();
    many_bins(&test, 2_500);
    let changes = Arc::new(AtomicUsize::new(0));
    let altered = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&altered);
    test.registry.on_change(move |_| {
        told.fetch_add(1, Ordering::SeqCst);
    });
    let (begun, first) = mpsc::channel();
    let (revoked, goes_on) = mpsc::channel();
    let (counted, goes_on) = (Arc::clone(&changes), std::sync::Mutex::new(goes_on));
    test.registry.on_durable(move |_| {
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            begun.send(()).unwrap();
            goes_on.lock().unwrap().recv().unwrap();
        }
    });
    let grown = bin(&format!("{LEVEL}, {LID}"));
    std::thread::scope(|scope| {
        let adding = scope.spawn(|| test.registry.add_model(&Actor::OPERATOR, &grown));
        first.recv().unwrap();
        test.registry
            .revoke_device(&Actor::OPERATOR, &device("lot-0"))
            .unwrap();
        assert_eq!(changes.load(Ordering::SeqCst), 2);
        revoked.send(()).unwrap();
        adding.join().unwrap().unwrap();
    });
    assert!(
        changes.load(Ordering::SeqCst) > 3,
        "the devices followed later"
    );
    let altered = altered.load(Ordering::SeqCst);
    assert_eq!(altered, 2, "the revocation, and all devices at once");
    let before = test.registry.snapshot();
    for device in before.devices(None) {
        assert_eq!(device.model.version, ModelVersion(2), "{}", device.id);
        assert!(device.datastream("lid").unwrap().definition.is_some());
    }
    assert_eq!(
        before.device("lot-0").unwrap().status,
        DeviceStatus::Revoked
    );
    let test = test.reopen();
    assert!(*before == *test.registry.snapshot());
}

/// A version stands from its first change on, whatever keeps devices from it.
#[test]
fn devices_that_could_not_follow_do_when_the_model_is_added_again() {
    let test = TestRegistry::new();
    many_bins(&test, 1_100);
    let TestRegistry { registry, dir, .. } = test;
    drop(registry);
    // Lasts until there is an agency `busan`. It is the last device by id.
    rusqlite::Connection::open(dir.path().join(REGISTRY_FILE))
        .unwrap()
        .execute_batch(
            "CREATE TRIGGER refuses BEFORE INSERT ON datastream
             WHEN NEW.device = 'lot-999' AND NOT EXISTS (SELECT 1 FROM agency WHERE id = 'busan')
             BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .unwrap();
    let registry = open_at(dir.path()).unwrap();
    let before = registry.generation();
    let grown = bin(&format!("{LEVEL}, {LID}"));
    let error = registry.add_model(&Actor::OPERATOR, &grown).unwrap_err();
    let AddModelError::Unfinished { lagging, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(lagging, 1_100 - 1_024);
    assert!(registry.generation() > before, "those that have followed");
    let version = |id: &str| registry.snapshot().device(id).unwrap().model.version;
    assert_eq!(version("lot-0"), ModelVersion(2));
    assert_eq!(version("lot-999"), ModelVersion(1));

    let busan = NewAgency {
        id: agency("busan"),
        name: "부산광역시".to_owned(),
    };
    registry.create_agency(&Actor::OPERATOR, busan).unwrap();
    let again = registry.add_model(&Actor::OPERATOR, &grown).unwrap();
    assert_eq!(again.change, ModelChange::Same);
    assert_eq!(version("lot-999"), ModelVersion(2));
    let snapshot = registry.snapshot();
    assert!(
        snapshot
            .device("lot-999")
            .unwrap()
            .datastream("lid")
            .is_some()
    );
}

#[test]
fn a_start_goes_on_where_devices_cannot_follow_their_model() {
    let test = TestRegistry::new();
    many_bins(&test, 1_100);
    let TestRegistry { registry, dir, .. } = test;
    drop(registry);
    let sql = |text: &str| {
        let file = rusqlite::Connection::open(dir.path().join(REGISTRY_FILE)).unwrap();
        file.execute_batch(text).unwrap();
    };
    let refuse = |device: &str| {
        sql(&format!(
            "CREATE TRIGGER refuses BEFORE INSERT ON datastream WHEN NEW.device = '{device}'
             BEGIN SELECT RAISE(ABORT, 'no'); END"
        ));
    };
    refuse("lot-0");
    let registry = open_at(dir.path()).unwrap();
    let grown = bin(&format!("{LEVEL}, {LID}"));
    registry.add_model(&Actor::OPERATOR, &grown).unwrap_err();
    drop(registry);
    let has_lid = |registry: &Registry, id: &str| {
        let snapshot = registry.snapshot();
        snapshot.device(id).unwrap().datastream("lid").is_some()
    };
    let has_followed = || {
        let registry = open_at(dir.path()).unwrap();
        ["lot-0", "lot-999"].map(|id| has_lid(&registry, id))
    };
    assert_eq!(has_followed(), [false, false]);
    sql("DROP TRIGGER refuses");
    refuse("lot-999");
    assert_eq!(has_followed(), [true, false], "the first piece");
    sql("DROP TRIGGER refuses");
    assert_eq!(has_followed(), [true, true]);
}

/// It writes nothing for a device then, and each one has it all the same.
#[test]
fn devices_follow_a_version_that_adds_no_field() {
    let test = TestRegistry::new();
    many_bins(&test, 1_100);
    let wider = bin(&LEVEL.replace("100", "120"));
    let added = test.registry.add_model(&Actor::OPERATOR, &wider).unwrap();
    assert_eq!(added.change, ModelChange::NewVersion);
    let snapshot = test.registry.snapshot();
    for device in snapshot.devices(None) {
        assert_eq!(device.model.version, ModelVersion(2), "{}", device.id);
        let level = device.datastream("level").unwrap();
        let definition = level.definition.unwrap();
        assert_eq!(definition.max, Some(120.0), "{}", device.id);
    }
}
