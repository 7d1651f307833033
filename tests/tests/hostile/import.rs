//! A large import, while devices send fields that the registry does not know
//! yet, others are registered, and somebody is shut out.

use std::time::{Duration, Instant};

use sdk::api::{ImportFile, ImportForm, ImportMode, ImportStep, NewDevice};
use tests::test_device::make_agency;
use tests::{BareClient, TestDevice, TestPlatform};

use crate::witness::{Witness, attacker, connect_from, resident};

const ROWS: usize = 100_000;
/// What so many devices take, some 600 MiB, and as much of the rehearsal, which
/// the allocator keeps for the next one.
const MOST_GROWN_KIB: i64 = 1_536 * 1_024;
/// Each is one change, and waits for a piece of the import at most.
const CHANGED_WITHIN: Duration = Duration::from_secs(1);

fn rows() -> Vec<NewDevice> {
    let template = TestDevice::unregistered("template").registration("safety.air");
    (0..ROWS)
        .map(|number| NewDevice {
            id: domain::DeviceId::new(format!("imported-{number}")).unwrap(),
            keys: Vec::new(),
            ..template.clone()
        })
        .collect()
}

/// Without the client's patience of half a minute.
fn import(url: &str, token: &str, mode: ImportMode) -> serde_json::Value {
    let dry_run = matches!(mode, ImportMode::DryRun);
    let rows: Vec<String> = rows()
        .iter()
        .map(|row| serde_json::to_string(row).unwrap())
        .collect();
    let answer = ureq::post(format!("{url}/v1/devices/import?dry_run={dry_run}"))
        .header("Authorization", format!("Bearer {token}"))
        .header("Content-Type", "application/x-ndjson")
        .send(rows.join("\n"))
        .unwrap();
    serde_json::from_str(&answer.into_body().read_to_string().unwrap()).unwrap()
}

/// Publishes a field that nobody has seen before; the acknowledgement comes.
fn new_field(client: &mut BareClient, device: &TestDevice, number: u16) {
    let payload = format!("{{\"new{number}\": {number}}}");
    client
        .publish(&device.topic(), number, payload.as_bytes())
        .unwrap();
    assert_eq!(client.read().unwrap().id(), number);
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn an_import_holds_up_neither_devices_nor_a_revocation() {
    let platform = TestPlatform::start();
    let sender = TestDevice::register(&platform, "sender", "safety.air");
    let outcast = TestDevice::register(&platform, "outcast", "safety.air");
    let mut client = sender.connect(platform.address("mqtt"));
    let witness = Witness::start(&platform);
    let mut registered = Duration::ZERO;
    for mode in [ImportMode::DryRun, ImportMode::Apply] {
        let (url, token) = (platform.url(), platform.token());
        let import = std::thread::spawn(move || import(&url, &token, mode));
        let mut revoked = matches!(mode, ImportMode::DryRun);
        for number in 1..=20u16 {
            let offset = if matches!(mode, ImportMode::Apply) {
                20
            } else {
                0
            };
            new_field(&mut client, &sender, number + offset);
            std::thread::sleep(Duration::from_millis(50));
            if matches!(mode, ImportMode::Apply) {
                let begun = Instant::now();
                TestDevice::register(&platform, &format!("own-{number}"), "safety.air");
                registered = registered.max(begun.elapsed());
            }
            if number == 10 && !revoked {
                revoked = true;
                let stream = connect_from(attacker(1), platform.address("mqtt")).unwrap();
                let mut shut_out = BareClient::over(stream);
                let code = shut_out.connect("outcast", "outcast", &outcast.token());
                assert_eq!(code.unwrap(), 0);
                let begun = Instant::now();
                platform.operator().revoke_device(&outcast.id).unwrap();
                while shut_out.read().is_ok() {}
                println!("out after {:?}", begun.elapsed());
                assert!(begun.elapsed() < CHANGED_WITHIN, "{:?}", begun.elapsed());
            }
        }
        let report = import.join().unwrap();
        assert_eq!(report["errors"].as_array().unwrap().len(), 0, "{report}");
    }
    println!("a registration took {registered:?} at most");
    assert!(registered < CHANGED_WITHIN, "{registered:?}");
    witness.finish(&platform, MOST_GROWN_KIB);
}

/// Of 100,000 rows each hundredth names an agency that is not there.
fn with_faults() -> Vec<u8> {
    let mut lines = Vec::new();
    for (number, mut row) in rows().into_iter().enumerate() {
        if number % 100 == 99 {
            row.agency = domain::AgencyId::new("nowhere").unwrap();
        }
        serde_json::to_writer(&mut lines, &row).unwrap();
        lines.push(b'\n');
    }
    lines
}

/// Beside the body itself: what was read of it, and a rehearsal of all rows.
const MOST_FOR_A_REHEARSAL_KIB: u64 = 200 * 1_024;

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn each_bad_row_of_a_large_import_is_told_and_memory_stays_small() {
    let platform = TestPlatform::start();
    make_agency(&platform.operator());
    let content = with_faults();
    let import = |mode, good_rows| {
        let file = ImportFile {
            content: &content,
            form: ImportForm::Lines,
            mode,
            good_rows,
            upsert: false,
        };
        let (begun, mut faults) = (Instant::now(), 0);
        let report = platform.operator().import_file(&file, |step| {
            faults += u64::from(matches!(step, ImportStep::Fault(_)));
        });
        let report = report.unwrap();
        let grown = resident(&platform);
        println!(
            "{mode:?}, good rows {good_rows}: {} registered, {faults} faults, in {:?}; {} MiB",
            report.created,
            begun.elapsed(),
            grown / 1_024
        );
        assert_eq!((report.rows, faults), (ROWS as u64, ROWS as u64 / 100));
        report.created
    };
    let before = resident(&platform);
    assert_eq!(import(ImportMode::DryRun, false), 0);
    assert_eq!(import(ImportMode::Apply, false), 0, "none of them");
    let grown = resident(&platform).saturating_sub(before);
    assert!(grown < MOST_FOR_A_REHEARSAL_KIB, "{grown} KiB");
    assert_eq!(import(ImportMode::Apply, true), ROWS as u64 * 99 / 100);
}
