//! Things that several devices serve.

use std::ops::ControlFlow;

use device_registry::{
    Actor, ErrorClass, ImportReport, ImportRow, ImportTerms, MAX_DEVICES_OF_THING, NewDevice,
    OperationError, RegisterDeviceError, ReplaceDeviceError, Replacement,
};
use domain::ThingId;

use crate::harness::{TestRegistry, device, new_device};

/// A further device of lot-1's thing.
fn on_the_lot(id: &str) -> NewDevice {
    let mut new = new_device(id);
    new.thing = Some(ThingId::from(device("lot-1")));
    new
}

fn import(test: &TestRegistry, new: impl Iterator<Item = NewDevice>) -> ImportReport {
    let rows = (1..).zip(new).map(|(line, new)| ImportRow {
        line,
        device: Ok(new),
    });
    test.registry
        .import_devices(&Actor::OPERATOR, rows, ImportTerms::APPLY, |_| {
            ControlFlow::Continue(())
        })
        .unwrap()
}

#[test]
fn a_full_thing_takes_no_further_device() {
    let test = TestRegistry::new();
    let (registry, actor) = (&test.registry, &Actor::OPERATOR);
    registry
        .register_device(actor, new_device("lot-1"))
        .unwrap();
    let ids = |from, to| (from..=to).map(|number| on_the_lot(&format!("lot-{number}")));
    // One too many of them: none comes in.
    let refused = import(&test, ids(2, MAX_DEVICES_OF_THING + 1));
    let told: Vec<_> = refused.errors.iter().collect();
    assert_eq!((refused.registered, told.len()), (0, 1));
    assert_eq!(told[0].code, "too-many-devices");
    assert_eq!(told[0].column.as_deref(), Some("thing"));
    let taken = import(&test, ids(2, MAX_DEVICES_OF_THING));
    assert_eq!(taken.registered, MAX_DEVICES_OF_THING - 1);

    let further = registry.register_device(actor, on_the_lot("late"));
    let further = further.unwrap_err();
    assert!(matches!(further, RegisterDeviceError::ThingFull(_)));
    assert_eq!(further.class(), ErrorClass::Conflict);
    // One that is out of service makes no room: its history is kept.
    let newest = device(&format!("lot-{MAX_DEVICES_OF_THING}"));
    let replacement = Replacement {
        id: device("next"),
        model: None,
        alias: None,
        name: None,
        keys: Vec::new(),
        expires: None,
    };
    let replaced = registry.replace_device(actor, &newest, replacement);
    assert!(matches!(
        replaced.unwrap_err(),
        ReplaceDeviceError::Register(RegisterDeviceError::ThingFull(_))
    ));
    registry.decommission_device(actor, &newest).unwrap();
    let further = registry.register_device(actor, on_the_lot("late"));
    assert_eq!(further.unwrap_err().code(), "too-many-devices");

    registry.register_device(actor, new_device("late")).unwrap();
    let snapshot = registry.snapshot();
    let thing = snapshot.thing("lot-1").unwrap();
    assert_eq!(thing.devices.len(), MAX_DEVICES_OF_THING);
}
