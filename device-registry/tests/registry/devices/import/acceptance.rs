//! What was accepted comes in as a whole, whatever happens meanwhile.

use std::ops::ControlFlow;

use device_registry::{
    Actor, CreateClaimError, FaultyRows, ImportError, ImportReport, ImportRow, ImportStep,
    ImportTerms, Licence, NewClaim, NewDescription, NewDevice, RegisterDeviceError, Registry,
    Visibility,
};
use domain::Timestamp;

use super::{UPDATE, lots, row};
use crate::harness::{DeviceKey, TestRegistry, agency, device, model, new_device, open_at, place};

fn import(
    registry: &Registry,
    rows: Vec<ImportRow>,
    terms: ImportTerms,
    mut at: impl FnMut(ImportStep<'_>),
) -> Result<ImportReport, ImportError> {
    registry.import_devices(&Actor::OPERATOR, rows, terms, |step| {
        at(step);
        ControlFlow::Continue(())
    })
}

/// One with everything that a row can say.
fn rich(id: &str) -> NewDevice {
    NewDevice {
        alias: Some("00:1B:44:11:3A:B7".to_owned()),
        name: "\"한강\" 1\\호".to_owned(),
        location: Some(place(-37.5, 127.000_000_1)),
        keys: vec![DeviceKey::ed25519(7).public(), DeviceKey::es256().public()],
        expires: Some(Timestamp::from_micros(4_000_000_000_000_001)),
        gateway: Some(device("lot-1")),
        visibility: Some(Visibility::Public),
        licence: Some(Licence::parse("KOGL-2").unwrap()),
        attribution: Some("시청".to_owned()),
        description: NewDescription {
            address: Some("세종대로 110".to_owned()),
            note: Some("At\nthe gate".to_owned()),
            tags: Some(vec!["하천".to_owned(), "옥상".to_owned()]),
        },
        sensor_serial: Some("0A2B33".to_owned()),
        ..new_device(id)
    }
}

/// Copies the files as they are while the registry has them open.
fn copy(registry: &std::path::Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(registry).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    copy
}

/// Before, the pieces up to there stayed, and the others were lost.
#[test]
fn a_kill_at_any_moment_leaves_all_or_none() {
    let test = TestRegistry::new();
    let mut rows = lots(1_100);
    rows[700].device = Ok(rich("lot-701"));
    let mut next = new_device("lot-900");
    next.thing = Some(domain::ThingId::new("lot-5").unwrap());
    rows[899].device = Ok(next);
    let mut old = new_device("old");
    old.name = "Old".to_owned();
    test.registry
        .register_device(&Actor::OPERATOR, new_device("old"))
        .unwrap();
    rows.push(row(1_101, old));
    let before = (test.registry.snapshot(), test.registry.audit_head());

    let mut copies = Vec::new();
    let report = import(&test.registry, rows, UPDATE, |step| {
        copies.push((format!("{step:?}"), copy(test.dir.path())));
    });
    let report = report.unwrap();
    assert_eq!((report.registered, report.updated), (1_100, 1));
    let after = (test.registry.snapshot(), test.registry.audit_head());
    assert_eq!(after.1.number, before.1.number + 1_101, "an entry for each");
    let (mut none, mut all) = (0, 0);
    for (at, copy) in copies {
        let registry = open_at(copy.path()).unwrap();
        let found = (registry.snapshot(), registry.audit_head());
        // The same datastreams of the same numbers, and the same chain.
        if *found.0 == *before.0 && found.1 == before.1 {
            none += 1;
            assert!(!at.starts_with("Kept"), "{at}");
        } else {
            assert!(*found.0 == *after.0 && found.1 == after.1, "{at}");
            all += 1;
        }
        // The next import has nothing of it.
        let report = import(&registry, lots(2), UPDATE, |_| {}).unwrap();
        assert_eq!(report.registered + report.unchanged, 2, "{at}");
    }
    assert!(none >= 2 && all >= 5, "{none} {all}");
}

/// Before, its right was looked at before each piece, and those before it stayed.
#[test]
fn whoever_loses_the_right_registers_none() {
    let test = TestRegistry::new();
    let before = test.registry.snapshot();
    let broken_off =
        test.registry
            .import_devices(
                &Actor::OPERATOR,
                lots(900),
                ImportTerms::APPLY,
                |step| match step {
                    ImportStep::Accepting => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                },
            );
    assert!(matches!(broken_off, Err(ImportError::BrokenOff)));
    assert!(*test.registry.snapshot() == *before);
    let test = test.reopen();
    assert!(*test.registry.snapshot() == *before);
}

/// Before, the pieces up to there stayed.
#[test]
fn a_row_that_others_make_impossible_before_it_is_accepted_keeps_all_out() {
    let test = TestRegistry::new();
    let quicker = |step: ImportStep<'_>| {
        if step == ImportStep::Tried(1_000) {
            let new = new_device("lot-600");
            test.registry
                .register_device(&Actor::OPERATOR, new)
                .unwrap();
        }
    };
    let report = import(&test.registry, lots(1_100), ImportTerms::APPLY, quicker).unwrap();
    let told: Vec<(u64, &str)> = report.errors.iter().map(|it| (it.line, it.code)).collect();
    assert_eq!(told, [(600, "device-exists")]);
    assert_eq!((report.registered, report.unchanged), (0, 0));
    assert_eq!(test.registry.snapshot().device_count(), 1);

    // Of the good ones all others come in.
    let good = ImportTerms {
        faulty: FaultyRows::AreLeftOut,
        ..ImportTerms::APPLY
    };
    let quicker = |step: ImportStep<'_>| {
        if step == ImportStep::Tried(1_000) {
            let new = new_device("lot-700");
            test.registry
                .register_device(&Actor::OPERATOR, new)
                .unwrap();
        }
    };
    let report = import(&test.registry, lots(1_100), good, quicker).unwrap();
    let told: Vec<(u64, &str)> = report.errors.iter().map(|it| (it.line, it.code)).collect();
    assert_eq!(told, [(600, "device-exists"), (700, "device-exists")]);
    assert_eq!(report.registered, 1_098);
}

/// Before, who took one of them ended the import in the middle.
#[test]
fn ids_and_aliases_that_are_to_come_are_given_to_nobody_else() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    let mut rows = lots(600);
    rows[550].device = Ok(rich("lot-551"));
    let others = |step: ImportStep<'_>| {
        if step != ImportStep::Kept(256) {
            return;
        }
        let taken = registry.register_device(&Actor::OPERATOR, new_device("lot-600"));
        assert!(matches!(taken, Err(RegisterDeviceError::Exists(_))));
        let mut theirs = new_device("theirs");
        theirs.alias = Some("00:1b:44:11:3a:b7".to_owned());
        let taken = registry.register_device(&Actor::OPERATOR, theirs);
        assert!(matches!(taken, Err(RegisterDeviceError::AliasTaken { .. })));
        let claim = NewClaim {
            agency: agency("seoul"),
            model: model("traffic.parking"),
            device: Some(device("lot-600")),
            note: String::new(),
            expires: Timestamp::from_micros(test.now().as_micros() + 60_000_000),
        };
        let taken = registry.create_claim(&Actor::OPERATOR, claim);
        assert!(matches!(taken, Err(CreateClaimError::DeviceExists(_))));
        // A child's gateway may be revoked all the same.
        registry
            .revoke_device(&Actor::OPERATOR, &device("lot-1"))
            .unwrap();
    };
    let report = import(registry, rows, ImportTerms::APPLY, others).unwrap();
    let told: Vec<(u64, &str)> = report.errors.iter().map(|it| (it.line, it.code)).collect();
    assert_eq!(told, [(551, "gateway-revoked")]);
    assert_eq!(report.registered, 599);
    // From then on an id that nobody has is free.
    registry
        .register_device(&Actor::OPERATOR, new_device("lot-551"))
        .unwrap();
}
