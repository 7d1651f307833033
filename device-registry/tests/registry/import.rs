//! Bulk import: all or nothing, with a reason for each bad row.

use std::time::{Duration, Instant};

use device_registry::{Actor, ImportError, ImportMode, ImportRow, NewDevice};

use crate::harness::{DeviceKey, TestRegistry, agency, extra_datastream, new_device, place};

fn row(line: u64, device: NewDevice) -> ImportRow {
    ImportRow {
        line,
        device: Ok(device),
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
        .import_devices(&Actor::OPERATOR, rows, ImportMode::Apply)
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
            device: Err("column `lat` is no number".to_owned()),
        },
        row(7, new_device("lot-7")),
    ];
    let report = test
        .registry
        .import_devices(&Actor::OPERATOR, rows.clone(), ImportMode::Apply)
        .unwrap();
    let told: Vec<(u64, &str)> = report
        .errors
        .iter()
        .map(|row| (row.line, row.code))
        .collect();
    assert_eq!(
        told,
        [
            (2, "device-exists"),
            (3, "device-exists"),
            (4, "unknown-agency"),
            (5, "invalid-key"),
            (6, "unreadable-row"),
        ]
    );
    assert_eq!((report.rows, report.registered), (7, 0));
    assert_eq!(*test.registry.snapshot(), *before);
    let dry = test
        .registry
        .import_devices(&Actor::OPERATOR, rows, ImportMode::DryRun)
        .unwrap();
    assert_eq!(dry.errors, report.errors);
}

#[test]
fn a_dry_run_keeps_nothing_and_uses_no_number() {
    let test = TestRegistry::new();
    let rows = || (1..=3).map(|line| row(line, new_device(&format!("lot-{line}"))));
    let dry = test
        .registry
        .import_devices(&Actor::OPERATOR, rows(), ImportMode::DryRun)
        .unwrap();
    assert_eq!((dry.rows, dry.registered), (3, 0));
    assert_eq!(dry.errors, []);
    assert_eq!(test.registry.snapshot().device_count(), 0);
    test.registry
        .import_devices(&Actor::OPERATOR, rows(), ImportMode::Apply)
        .unwrap();
    let snapshot = test.registry.snapshot();
    assert_eq!(snapshot.device("lot-1").unwrap().datastreams[0].id.get(), 1);
}

#[test]
fn an_import_without_end_is_refused() {
    let test = TestRegistry::new();
    let endless = (1..).map(|line| ImportRow {
        line,
        device: Err(String::new()),
    });
    let error = test
        .registry
        .import_devices(&Actor::OPERATOR, endless, ImportMode::Apply);
    assert!(matches!(error, Err(ImportError::TooManyRows)));
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
            let dry = registry.import_devices(&Actor::OPERATOR, rows.clone(), ImportMode::DryRun);
            let begin = Instant::now();
            let report = registry
                .import_devices(&Actor::OPERATOR, rows, ImportMode::Apply)
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
