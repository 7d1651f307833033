//! Gateways: who may be whose, and what a change of it touches.

use device_registry::{
    Actor, DevicePatch, ErrorClass, ImportRow, ImportTerms, NewDevice, OperationError, Patch,
    PatchDeviceError,
};
use std::ops::ControlFlow;

use crate::harness::{TestRegistry, agency, device, new_device};

fn child_of(id: &str, gateway: &str) -> NewDevice {
    NewDevice {
        gateway: Some(device(gateway)),
        ..new_device(id)
    }
}

fn set_gateway(test: &TestRegistry, id: &str, to: Patch<&str>) -> Result<(), PatchDeviceError> {
    let gateway = match to {
        Patch::Set(gateway) => Patch::Set(device(gateway)),
        Patch::Clear => Patch::Clear,
        Patch::Keep => Patch::Keep,
    };
    let patch = DevicePatch {
        gateway,
        ..DevicePatch::default()
    };
    test.registry
        .patch_device(&Actor::OPERATOR, &device(id), patch)
        .map(|_| ())
}

fn children(test: &TestRegistry, gateway: &str) -> Vec<String> {
    test.registry
        .snapshot()
        .children_of(&device(gateway))
        .map(|child| child.id.to_string())
        .collect()
}

/// `gw` with `child`, and `other` and `gw-2` alone, all of `seoul`; `far` of `busan`.
fn city() -> TestRegistry {
    let test = TestRegistry::two_agencies();
    for id in ["gw", "gw-2", "other"] {
        test.registry
            .register_device(&Actor::OPERATOR, new_device(id))
            .unwrap();
    }
    test.registry
        .register_device(&Actor::OPERATOR, child_of("child", "gw"))
        .unwrap();
    let mut far = new_device("far");
    far.agency = agency("busan");
    test.registry
        .register_device(&Actor::OPERATOR, far)
        .unwrap();
    test
}

#[test]
fn a_gateway_is_set_moved_and_cleared_and_survives_a_restart() {
    let test = city();
    assert_eq!(children(&test, "gw"), ["child"]);
    set_gateway(&test, "other", Patch::Set("gw")).unwrap();
    set_gateway(&test, "child", Patch::Set("gw-2")).unwrap();
    let test = test.reopen();
    assert_eq!(children(&test, "gw"), ["other"]);
    assert_eq!(children(&test, "gw-2"), ["child"]);
    // What a patch does not name stays.
    set_gateway(&test, "child", Patch::Keep).unwrap();
    assert_eq!(children(&test, "gw-2"), ["child"]);
    set_gateway(&test, "child", Patch::Clear).unwrap();
    assert!(children(&test, "gw-2").is_empty());
    let test = test.kill();
    let snapshot = test.registry.snapshot();
    assert_eq!(snapshot.device("child").unwrap().gateway, None);
    assert_eq!(
        snapshot.device("other").unwrap().gateway,
        Some(device("gw"))
    );
}

#[test]
fn a_connected_gateway_is_told_of_a_new_child() {
    let test = city();
    let before = test.registry.generation();
    test.registry
        .register_device(&Actor::OPERATOR, child_of("next", "gw"))
        .unwrap();
    assert!(test.registry.generation() > before);
}

#[test]
fn what_cannot_be_a_gateway_is_refused_at_registration_and_at_a_change() {
    let test = city();
    test.registry
        .register_device(&Actor::OPERATOR, new_device("gone"))
        .unwrap();
    test.registry
        .revoke_device(&Actor::OPERATOR, &device("gone"))
        .unwrap();
    let before = test.registry.snapshot();
    for (id, gateway, code, class) in [
        ("other", "nobody", "unknown-gateway", ErrorClass::Invalid),
        ("other", "other", "gateway-chain", ErrorClass::Invalid),
        ("other", "child", "gateway-chain", ErrorClass::Conflict),
        ("gw", "gw-2", "gateway-chain", ErrorClass::Conflict),
        (
            "other",
            "far",
            "gateway-of-another-agency",
            ErrorClass::Conflict,
        ),
        ("other", "gone", "gateway-revoked", ErrorClass::Conflict),
    ] {
        let error = set_gateway(&test, id, Patch::Set(gateway)).unwrap_err();
        assert_eq!((error.code(), error.class()), (code, class), "{error}");
    }
    for (gateway, code) in [
        ("nobody", "unknown-gateway"),
        ("new", "gateway-chain"),
        ("child", "gateway-chain"),
        ("far", "gateway-of-another-agency"),
        ("gone", "gateway-revoked"),
    ] {
        let error = test
            .registry
            .register_device(&Actor::OPERATOR, child_of("new", gateway))
            .unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    assert_eq!(*test.registry.snapshot(), *before);
}

#[test]
fn an_import_takes_a_gateway_and_its_children_in_that_order() {
    let test = TestRegistry::new();
    let rows = |ids: [NewDevice; 2]| {
        ids.into_iter().zip(1..).map(|(new, line)| ImportRow {
            line,
            device: Ok(new),
        })
    };
    let backwards = rows([child_of("child", "gw"), new_device("gw")]);
    let report = test
        .registry
        .import_devices(&Actor::OPERATOR, backwards, ImportTerms::APPLY, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(report.registered, 0);
    assert_eq!(report.errors[0].code, "unknown-gateway");
    let forwards = rows([new_device("gw"), child_of("child", "gw")]);
    let report = test
        .registry
        .import_devices(&Actor::OPERATOR, forwards, ImportTerms::APPLY, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((report.registered, report.errors), (2, Vec::new()));
    assert_eq!(children(&test, "gw"), ["child"]);
}
