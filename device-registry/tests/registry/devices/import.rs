//! Bulk import: all or nothing, with a reason for each bad row.

mod acceptance;
mod sensors;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use device_registry::{
    Actor, FaultyRows, ImportError, ImportMode, ImportRow, ImportStep, ImportTerms, NewDevice,
    StandingDevices, UnreadableRow,
};

use crate::harness::{DeviceKey, TestRegistry, agency, extra_datastream, new_device, place};

fn row(line: u64, device: NewDevice) -> ImportRow {
    ImportRow {
        line,
        device: Ok(device),
    }
}

fn unreadable(message: &str) -> UnreadableRow {
    UnreadableRow {
        column: Some("lat".into()),
        message: message.to_owned(),
        cure: "write a number",
    }
}

#[test]
fn ten_thousand_devices_disturb_nobody() {
    let test = TestRegistry::new();
    let key = DeviceKey::ed25519(7).public();
    let rows = (1..=10_000).map(|line| {
        let mut new = new_device(&format!("lot-{line}"));
        new.keys = vec![key.clone()];
        new.location = Some(place(37.5, 127.0));
        row(line, new)
    });
    let generation = test.registry.generation();
    let begin = Instant::now();
    let report = test
        .registry
        .import_devices(&Actor::OPERATOR, rows, ImportTerms::APPLY, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    let took = begin.elapsed();
    assert_eq!((report.rows, report.registered), (10_000, 10_000));
    assert_eq!(report.errors, []);
    assert_eq!(
        test.registry.generation(),
        generation,
        "additions disturb nobody"
    );
    // Generous: unoptimised, on a loaded machine; it is a second or two alone.
    assert!(took < Duration::from_secs(60), "{took:?}");

    let before = test.registry.snapshot();
    let test = test.reopen();
    let after = test.registry.snapshot();
    assert_eq!(after.device_count(), 10_000);
    assert!(*before == *after, "the rows make the same snapshot");
    let page: Vec<&str> = after
        .devices(Some(&crate::harness::device("lot-9998")))
        .map(|device| device.id.as_str())
        .collect();
    assert_eq!(page, ["lot-9999"]);
}

#[test]
fn one_bad_row_keeps_all_out_and_each_is_told() {
    let test = TestRegistry::new();
    test.registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    let before = test.registry.snapshot();
    let mut stranger = new_device("lot-4");
    stranger.agency = agency("nowhere");
    let mut weak = new_device("lot-5");
    weak.keys = vec![device_registry::NewKey {
        alg: "EdDSA".to_owned(),
        public_key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        expires: None,
    }];
    let rows = vec![
        row(1, new_device("lot-2")),
        row(2, new_device("lot-1")),
        row(3, new_device("lot-2")),
        row(4, stranger),
        row(5, weak),
        ImportRow {
            line: 6,
            device: Err(unreadable("column `lat` is no number")),
        },
        row(7, new_device("lot-7")),
    ];
    let report = test
        .registry
        .import_devices(&Actor::OPERATOR, rows.clone(), ImportTerms::APPLY, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    let told: Vec<(u64, Option<&str>, &str)> = report
        .errors
        .iter()
        .map(|row| (row.line, row.column.as_deref(), row.code))
        .collect();
    assert_eq!(
        told,
        [
            (2, Some("id"), "device-exists"),
            (3, Some("id"), "device-exists"),
            (4, Some("agency"), "unknown-agency"),
            (5, Some("public_key"), "invalid-key"),
            (6, Some("lat"), "unreadable-row"),
        ]
    );
    assert_eq!((report.rows, report.registered), (7, 0));
    assert_eq!(*test.registry.snapshot(), *before);
    let dry = test
        .registry
        .import_devices(&Actor::OPERATOR, rows.clone(), ImportTerms::DRY_RUN, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(dry.errors, report.errors);
    let good = ImportTerms {
        faulty: FaultyRows::AreLeftOut,
        ..ImportTerms::APPLY
    };
    let mut steps = Vec::new();
    let report = test
        .registry
        .import_devices(&Actor::OPERATOR, rows, good, |step| {
            steps.push(match step {
                ImportStep::Fault(fault) => fault.line,
                ImportStep::Kept(kept) => kept as u64,
                ImportStep::Accepting => return ControlFlow::Continue(()),
                other => panic!("{other:?} of seven rows"),
            });
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(report.errors, dry.errors);
    assert_eq!((report.rows, report.registered), (7, 2));
    assert_eq!(steps, [2, 3, 4, 5, 6, 2], "each fault, then those kept");
    let snapshot = test.registry.snapshot();
    assert!(snapshot.device("lot-2").is_some() && snapshot.device("lot-7").is_some());
}

const UPDATE: ImportTerms = ImportTerms {
    standing: StandingDevices::Update,
    ..ImportTerms::APPLY
};

#[test]
fn what_a_row_says_replaces_what_its_device_has() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    let import = |rows: Vec<NewDevice>, terms| {
        let rows = (1..).zip(rows).map(|(line, device)| row(line, device));
        registry
            .import_devices(&Actor::OPERATOR, rows, terms, |_| ControlFlow::Continue(()))
            .unwrap()
    };
    let mut first = new_device("lot-1");
    first.name = "Gate".to_owned();
    first.keys = vec![DeviceKey::ed25519(1).public()];
    registry
        .register_device(&Actor::OPERATOR, first.clone())
        .unwrap();
    // The same row again, and a row of the id alone: nothing is written.
    let before = test.registry.mark();
    let report = import(vec![first, new_device("lot-1")], UPDATE);
    assert_eq!(
        (report.unchanged, report.updated, report.registered),
        (2, 0, 0)
    );
    assert_eq!(registry.mark(), before);

    let mut moved = new_device("lot-1");
    moved.location = Some(place(37.5, 127.0));
    moved.keys = vec![DeviceKey::ed25519(2).public()];
    moved.visibility = Some(device_registry::Visibility::Public);
    let rows = vec![moved, new_device("lot-2")];
    let dry = ImportTerms {
        mode: ImportMode::DryRun,
        ..UPDATE
    };
    assert_eq!(import(rows.clone(), dry).errors, []);
    let report = import(rows, UPDATE);
    assert_eq!((report.updated, report.registered), (1, 1));
    let snapshot = registry.snapshot();
    let device = snapshot.device("lot-1").unwrap();
    assert_eq!(device.name, "Gate", "what a row leaves out stays");
    assert_eq!(device.location, Some(place(37.5, 127.0)));
    assert_eq!(device.credentials.len(), 2);
    let mut visibilities = device.datastreams.iter().map(|it| it.visibility);
    assert!(visibilities.all(|it| it == device_registry::Visibility::Public));
    let before = registry.snapshot();
    let test = test.reopen();
    assert!(*before == *test.registry.snapshot());
}

#[test]
fn a_row_that_cannot_change_its_device_changes_nothing() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    for id in ["lot-1", "lot-2", "lot-3"] {
        registry
            .register_device(&Actor::OPERATOR, new_device(id))
            .unwrap();
    }
    registry
        .revoke_device(&Actor::OPERATOR, &crate::harness::device("lot-3"))
        .unwrap();
    let mut other_model = new_device("lot-1");
    other_model.model = crate::harness::model("traffic.flow");
    let mut aliased = new_device("lot-1");
    aliased.alias = Some("00:1b:44:11:3a:b7".to_owned());
    // Its key would be taken; its gateway is not there.
    let mut half = new_device("lot-2");
    half.keys = vec![DeviceKey::ed25519(3).public()];
    half.gateway = Some(crate::harness::device("nowhere"));
    let rows = [other_model, aliased, half, new_device("lot-3")];
    let rows = (1..).zip(rows).map(|(line, device)| row(line, device));
    let terms = ImportTerms {
        faulty: FaultyRows::AreLeftOut,
        ..UPDATE
    };
    let before = registry.snapshot();
    let report = registry
        .import_devices(&Actor::OPERATOR, rows, terms, |_| ControlFlow::Continue(()))
        .unwrap();
    let codes: Vec<&str> = report.errors.iter().map(|error| error.code).collect();
    assert_eq!(
        codes,
        [
            "device-of-other-model",
            "device-with-other-alias",
            "unknown-gateway",
            "device-revoked"
        ]
    );
    assert!(report.errors.iter().all(|error| !error.cure.is_empty()));
    assert!(*before == *registry.snapshot());
}

#[test]
fn rows_that_hang_on_each_other_are_tried_in_their_order() {
    let test = TestRegistry::new();
    // The second takes over the first one's thing; the third one's model has another
    // kind under the same name, beside them; the last one's thing is nowhere.
    let mut next = new_device("lot-2");
    next.thing = Some(domain::ThingId::new("lot-1").unwrap());
    let mut stranger = NewDevice::new(
        crate::harness::device("lot-3"),
        agency("seoul"),
        crate::harness::model("other.parking"),
    );
    stranger.thing = next.thing.clone();
    let mut lost = new_device("lot-4");
    lost.thing = Some(domain::ThingId::new("lot-9").unwrap());
    let model = r#"{"id": "other.parking", "title": {"en": "x", "ko": "x"},
        "fields": [{"name": "total", "kind": "text", "title": {"en": "x", "ko": "x"}}]}"#;
    test.registry
        .add_model(&Actor::OPERATOR, model.as_bytes())
        .unwrap();
    let rows = [new_device("lot-1"), next, stranger, lost];
    let rows = (1..).zip(rows).map(|(line, device)| row(line, device));
    let terms = ImportTerms {
        faulty: FaultyRows::AreLeftOut,
        ..ImportTerms::APPLY
    };
    let report = test
        .registry
        .import_devices(&Actor::OPERATOR, rows, terms, |_| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(report.registered, 3);
    assert_eq!(report.errors[0].code, "unknown-thing");
    let snapshot = test.registry.snapshot();
    let total = |id: &str| snapshot.device(id).unwrap().datastream("total").unwrap().id;
    assert_eq!(total("lot-2").get(), 1);
    assert_ne!(total("lot-3"), total("lot-2"));
}

#[test]
fn a_dry_run_keeps_nothing_and_uses_no_number() {
    let test = TestRegistry::new();
    let rows = || (1..=3).map(|line| row(line, new_device(&format!("lot-{line}"))));
    let dry = test
        .registry
        .import_devices(&Actor::OPERATOR, rows(), ImportTerms::DRY_RUN, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((dry.rows, dry.registered), (3, 0));
    assert_eq!(dry.errors, []);
    assert_eq!(test.registry.snapshot().device_count(), 0);
    test.registry
        .import_devices(&Actor::OPERATOR, rows(), ImportTerms::APPLY, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    let snapshot = test.registry.snapshot();
    assert_eq!(
        snapshot
            .device("lot-1")
            .unwrap()
            .datastreams
            .get(0)
            .unwrap()
            .id
            .get(),
        1
    );
}

#[test]
fn an_import_without_end_is_refused() {
    let test = TestRegistry::new();
    let endless = (1..).map(|line| ImportRow {
        line,
        device: Err(unreadable("")),
    });
    let error = test
        .registry
        .import_devices(&Actor::OPERATOR, endless, ImportTerms::APPLY, |_| {
            ControlFlow::Continue(())
        });
    assert!(matches!(error, Err(ImportError::TooManyRows)));
}

fn lots(count: u64) -> Vec<ImportRow> {
    (1..=count)
        .map(|line| row(line, new_device(&format!("lot-{line}"))))
        .collect()
}

/// Before, each of them waited for the whole import: 20 seconds of 100,000
/// rows.
#[test]
fn revocations_registrations_and_new_fields_overtake_an_import() {
    let test = TestRegistry::new();
    for number in 0..200 {
        let new = new_device(&format!("old-{number}"));
        test.registry
            .register_device(&Actor::OPERATOR, new)
            .unwrap();
    }
    let rows: Vec<_> = (1..=8_000)
        .map(|line| row(line, new_device(&format!("lot-{line}"))))
        .collect();
    let (dry, registered) = std::thread::scope(|scope| {
        let import = scope.spawn(|| {
            let registry = &test.registry;
            let dry = registry.import_devices(
                &Actor::OPERATOR,
                rows.clone(),
                ImportTerms::DRY_RUN,
                |_| ControlFlow::Continue(()),
            );
            let begin = Instant::now();
            let report = registry
                .import_devices(&Actor::OPERATOR, rows, ImportTerms::APPLY, |_| {
                    ControlFlow::Continue(())
                })
                .unwrap();
            assert_eq!((report.registered, report.errors), (8_000, vec![]));
            (dry.unwrap(), begin.elapsed())
        });
        let mut longest = Duration::ZERO;
        let (mut revoked, mut registered) = (0, 0);
        while !import.is_finished() {
            let old = crate::harness::device(&format!("old-{}", revoked % 200));
            let begin = Instant::now();
            let field = format!("new-{}", revoked / 200 % 32);
            let _ = extra_datastream(&test.registry, &old, &field);
            if revoked < 200 {
                test.registry.revoke_device(&Actor::OPERATOR, &old).unwrap();
                let new = new_device(&format!("new-{revoked}"));
                test.registry
                    .register_device(&Actor::OPERATOR, new)
                    .unwrap();
                registered += 1;
            }
            longest = longest.max(begin.elapsed());
            revoked += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
        let (dry, took) = import.join().unwrap();
        assert!(
            longest * 3 < took,
            "one waited {longest:?} of an import of {took:?}"
        );
        assert!(revoked > 8, "{revoked} came in between");
        (dry, registered)
    });
    assert_eq!((dry.rows, dry.registered), (8_000, 0));
    let before = test.registry.snapshot();
    assert_eq!(before.device_count(), 8_200 + registered);
    let test = test.reopen();
    assert!(*test.registry.snapshot() == *before);
}
