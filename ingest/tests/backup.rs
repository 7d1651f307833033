//! Backups of a data plane that flushes, compacts and gives log space back all
//! the time: each one opens, and holds what was acknowledged before it, once.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use device_registry::{Actor, Device, NewAgency, NewDevice, Registry};
use domain::batch::Resent;
use domain::{
    AgencyId, Assurance, CredentialId, DatastreamId, DeviceId, ModelId, ObservationBatch, Offset,
    Origin, Timestamp, Transport, payload,
};
use ingest::backup::{CopyError, CopyFolder, DataBackup, backup_closed};
use ingest::verify::{Scope, verify};
use ingest::{CommitPolicy, Config, Ingest, RangeQuery, StageError, SubmitError, SystemClock};

/// 2026-09-21T13:33:20Z.
const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
/// A few messages make a flush.
const FLUSH_ROWS: usize = 400;
const BACKUPS: usize = 6;
/// Messages between two of them, at least: more than a flush.
const BETWEEN: i64 = 600;

fn open(folder: &Path) -> (Ingest, Arc<Registry>, Arc<Device>) {
    let config = Config {
        segment_bytes: ingest::MIN_SEGMENT_BYTES,
        commit: CommitPolicy::Inline,
        flush_rows: FLUSH_ROWS,
        // Log space is given back as soon as it may be.
        log_budget_bytes: 0,
        ..Config::new(folder)
    };
    let registry = Arc::new(Registry::open(folder, || NOW).unwrap());
    let agency = AgencyId::new("hanriver").unwrap();
    if registry.snapshot().agency(&agency).is_none() {
        let name = "Han river".to_owned();
        let new = NewAgency {
            id: agency.clone(),
            name,
        };
        registry.create_agency(&Actor::OPERATOR, new).unwrap();
        let model = ModelId::new("disaster.water-level").unwrap();
        let id = DeviceId::new("river-1").unwrap();
        registry
            .register_device(&Actor::OPERATOR, NewDevice::new(id, agency, model))
            .unwrap();
    }
    let device = Arc::clone(registry.snapshot().device("river-1").unwrap());
    let ingest = Ingest::open(config, Arc::clone(&registry), Arc::new(SystemClock)).unwrap();
    (ingest, registry, device)
}

fn time(number: i64) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() - 1_000_000_000_000 + number * 1_000_000)
}

fn level(device: &Device) -> DatastreamId {
    device.datastream("level").unwrap().id
}

/// Message `number`: its own time, and padding in the place of many devices, so
/// that segments fill. Gives its offset.
fn send(
    runtime: &tokio::runtime::Runtime,
    ingest: &Ingest,
    device: &Arc<Device>,
    number: i64,
) -> Offset {
    let padding = "x".repeat(200);
    let text = format!(
        r#"{{"t":"{}","v":{{"level":{number},"note":"{padding}{number}"}}}}"#,
        time(number)
    );
    let batch = ObservationBatch {
        origin: Origin {
            credential: CredentialId::new(1),
            assurance: Assurance::Key,
            gateway: None,
            transport: Transport::Mqtt,
            received: NOW,
            resent: Resent::No,
            boot_epoch: None,
            boot_sequence: None,
        },
        telemetry: payload::parse(text.as_bytes(), None, &device.id, NOW),
        original: text.as_bytes(),
    };
    loop {
        match runtime.block_on(ingest.submit(device, &batch)) {
            Err(SubmitError::Stage(StageError::NewFields(fields))) => {
                runtime.block_on(ingest.register(fields)).unwrap();
            }
            submitted => return submitted.unwrap().offset(),
        }
    }
}

/// Numbers and offsets of all rows of the level.
fn rows(ingest: &Ingest, datastream: DatastreamId) -> Vec<(i64, Offset)> {
    let query = RangeQuery::new(datastream, Timestamp::MIN, Timestamp::MAX);
    let page = ingest.range(&query).unwrap();
    let number = |time: Timestamp| (time.as_micros() - self::time(0).as_micros()) / 1_000_000;
    let rows = page.observations.iter();
    rows.map(|row| (number(row.time), row.offset)).collect()
}

fn close(ingest: &Ingest) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(ingest.close()).unwrap();
}

/// Opens the backup and holds it against what was acknowledged: every number up
/// to `acknowledged`, and nothing after the backup's offset.
fn check(folder: &Path, made: &DataBackup, acknowledged: i64) {
    let mut findings = Vec::new();
    let registry = Registry::open(folder, || NOW).unwrap();
    let verified = verify(
        folder,
        Some(&registry.snapshot()),
        domain::FolderMark::ANY,
        Scope::Whole,
        &mut |finding| {
            findings.push(finding);
        },
    );
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(verified.offset, made.offset);
    drop(registry);
    let (ingest, _, device) = open(folder);
    assert_eq!(ingest.durable_offset(), made.offset);
    let rows = rows(&ingest, level(&device));
    // Each once, in order, and none left out: `made.rows` counts the notes too.
    assert!(rows.iter().map(|row| row.0).eq(0..rows.len() as i64));
    assert!(
        rows.len() as i64 > acknowledged,
        "{} of {acknowledged}",
        rows.len()
    );
    assert!(rows.iter().all(|row| row.1 <= made.offset));
    assert_eq!(made.rows, 2 * rows.len() as u64);
    // It takes new ones.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let next = send(&runtime, &ingest, &device, rows.len() as i64);
    assert_eq!(next, made.offset.next());
    close(&ingest);
}

#[test]
fn a_backup_under_load_holds_all_that_was_acknowledged_before_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (ingest, registry, device) = open(&data);
    let (acknowledged, stop) = (AtomicI64::new(-1), AtomicBool::new(false));
    let backups: Vec<_> = std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            for number in 0.. {
                send(&runtime, &ingest, &device, number);
                acknowledged.store(number, Ordering::SeqCst);
                if stop.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        scope.spawn(|| {
            while !stop.load(Ordering::SeqCst) {
                ingest.compact().unwrap();
            }
        });
        let backups = (0..BACKUPS)
            .map(|number| {
                let enough = (number as i64 + 1) * BETWEEN;
                while acknowledged.load(Ordering::SeqCst) < enough {
                    std::thread::yield_now();
                }
                let before = acknowledged.load(Ordering::SeqCst);
                let path = folder.path().join(format!("backup-{number}"));
                let mut into = CopyFolder::create(&path, &data).unwrap();
                let made = ingest.backup(&mut into, None).unwrap();
                registry.copy_to(&path.join("registry.sqlite")).unwrap();
                into.finish("done", b"").unwrap();
                (path, made, before)
            })
            .collect();
        stop.store(true, Ordering::SeqCst);
        backups
    });
    assert!(
        ingest.stats().store.compactions > BACKUPS as u64,
        "files were replaced while backups were made"
    );
    assert!(
        ingest.stats().store.files > 0,
        "files came while backups were made"
    );
    close(&ingest);
    for (path, made, before) in &backups {
        check(path, made, *before);
    }
    assert!(!data.join("store/pinned").exists(), "nothing is left over");
}

#[test]
fn day_files_and_their_rollups_are_copied_and_looked_through() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (ingest, registry, device) = open(&data);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for number in 0..500 {
        send(&runtime, &ingest, &device, number);
    }
    runtime.block_on(ingest.caught_up());
    ingest.compact().unwrap();
    let copy = folder.path().join("copy");
    let mut into = CopyFolder::create(&copy, &data).unwrap();
    let made = ingest.backup(&mut into, None).unwrap();
    assert_eq!((made.offset, made.rows), (ingest.durable_offset(), 1_000));
    into.finish("done", b"").unwrap();
    close(&ingest);
    let snapshot = registry.snapshot();
    let findings = || {
        let mut findings = Vec::new();
        let verified = verify(
            &copy,
            Some(&snapshot),
            domain::FolderMark::ANY,
            Scope::Whole,
            &mut |finding| {
                findings.push(finding);
            },
        );
        (verified, findings)
    };
    let (verified, none) = findings();
    assert!(none.is_empty(), "{none:?}");
    assert_eq!(verified.rows, 1_000);
    // Another byte in the rollup, wherever it is, is found.
    let rollup = std::fs::read_dir(copy.join("store")).unwrap();
    let rollup = rollup
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "rollup"))
        .expect("a day of 500 seconds has a rollup");
    let whole = std::fs::read(&rollup).unwrap();
    // The copy shares its files with the data folder: another one in its place.
    for at in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        std::fs::remove_file(&rollup).unwrap();
        std::fs::write(&rollup, damaged).unwrap();
        let (_, found) = findings();
        assert!(
            found.len() == 1 && found[0].path == rollup,
            "byte {at}: {found:?}"
        );
    }
    std::fs::remove_file(&rollup).unwrap();
    let (_, found) = findings();
    assert!(found.len() == 1 && found[0].path == rollup, "{found:?}");
}

#[test]
fn a_folder_that_nobody_has_open_is_copied_as_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (ingest, registry, device) = open(&data);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for number in 0..1_000 {
        send(&runtime, &ingest, &device, number);
    }
    let last = ingest.durable_offset();
    let copy = folder.path().join("copy");
    // As a kill would: without a flush.
    drop((ingest, device));
    let mut into = CopyFolder::create(&copy, &data).unwrap();
    let made = backup_closed(&data, &mut into, None).unwrap();
    registry.copy_to(&copy.join("registry.sqlite")).unwrap();
    into.finish("done", b"").unwrap();
    assert_eq!(made.offset, last);
    check(&copy, &made, 999);
}

#[test]
fn a_folder_that_will_not_do_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let refused = |path: &Path| CopyFolder::create(path, &data).unwrap_err();
    assert!(matches!(
        refused(Path::new("backup")),
        CopyError::Relative(_)
    ));
    let full = folder.path().join("full");
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("file"), "").unwrap();
    assert!(matches!(refused(&full), CopyError::NotEmpty(_)));
    let within = data.join("store/../backup");
    assert!(
        matches!(refused(&within), CopyError::Relative(_)),
        "a way round"
    );
    std::os::unix::fs::symlink(&data, folder.path().join("link")).unwrap();
    let linked = folder.path().join("link/backup");
    assert!(
        matches!(refused(&linked), CopyError::Within { .. }),
        "a link"
    );
    assert!(
        matches!(refused(folder.path()), CopyError::Within { .. }),
        "around it"
    );
    let into = CopyFolder::create(&folder.path().join("new"), &data).unwrap();
    assert!(matches!(
        into.check_room(u64::MAX),
        Err(CopyError::NoRoom { .. })
    ));
}

#[test]
fn what_was_not_finished_is_removed_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    for there in [false, true] {
        let path = folder.path().join("backup");
        if there {
            std::fs::create_dir(&path).unwrap();
        }
        let mut into = CopyFolder::create(&path, &data).unwrap();
        into.write("models/one.json", b"{}").unwrap();
        into.write("madang.format", b"2").unwrap();
        assert!(into.write("../elsewhere", b"").is_err());
        drop(into);
        assert_eq!(path.exists(), there);
        if there {
            assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0);
        }
    }
}
