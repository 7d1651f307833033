//! A registry's file that is lost, another folder's or older than its folder:
//! refused as it is; and no number is given twice.

use std::path::Path;
use std::sync::{Arc, Mutex};

use device_registry::{
    Actor, NewAgency, Numbers, OpenError, OpenStoreError, REGISTRY_FILE, Registry, RegistryFolder,
    RegistryMark, RestoredFrom, mend,
};
use domain::{FolderId, FolderMark, Timestamp};

use crate::audit::since;
use crate::harness::{agency, device, new_device};

fn id(byte: &str) -> FolderId {
    byte.repeat(16).parse().unwrap()
}

fn open(dir: &Path, mark: FolderMark, least: RegistryMark) -> Result<Registry, OpenError> {
    let folder = RegistryFolder { mark, least };
    Registry::open_in(dir, folder, None, || Timestamp::from_micros(0))
}

/// The backup that a folder was made from.
fn backup() -> RestoredFrom {
    RestoredFrom {
        sum: "sha256:07".to_owned(),
        made: "2026-05-01T00:00:00Z".to_owned(),
        offset: 12,
    }
}

fn own(dir: &Path, least: RegistryMark) -> Result<Registry, OpenError> {
    open(dir, FolderMark::of(id("07")), least)
}

/// A registry of the folder 07 with one device.
fn made(dir: &Path) -> Registry {
    let registry = open(dir, FolderMark::first(id("07")), RegistryMark::default()).unwrap();
    let name = "서울특별시".to_owned();
    let id = agency("seoul");
    registry
        .create_agency(&Actor::OPERATOR, NewAgency { id, name })
        .unwrap();
    registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    registry
}

fn store_error(refused: Result<Registry, OpenError>) -> OpenStoreError {
    match refused.expect_err("it is refused") {
        OpenError::Open(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_lost_file_is_refused_and_none_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(REGISTRY_FILE);
    let mark = made(dir.path()).mark();
    let whole = std::fs::read(&path).unwrap();
    for content in [None, Some(&whole[..0]), Some(&whole[..whole.len() - 4_096])] {
        let _ = std::fs::remove_file(&path);
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let error = store_error(own(dir.path(), mark));
        assert!(matches!(error, OpenStoreError::Lost { .. }), "{error}");
        assert_eq!(std::fs::read(&path).ok().as_deref(), content);
    }
    std::fs::write(&path, whole).unwrap();
    assert_eq!(own(dir.path(), mark).unwrap().mark(), mark);
}

#[test]
fn one_of_another_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(made(dir.path()));
    for mark in [FolderMark::of(id("08")), FolderMark::first(id("08"))] {
        let error = store_error(open(dir.path(), mark, RegistryMark::default()));
        assert!(matches!(error, OpenStoreError::Misfit { .. }), "{error}");
    }
    assert!(own(dir.path(), RegistryMark::default()).is_ok());
}

/// Who made a change is answered only when the folder knows of it, so what was
/// answered and is not there is noticed.
#[test]
fn a_copy_from_before_and_a_lost_write_ahead_log_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let registry = made(dir.path());
    let told = Arc::new(Mutex::new(RegistryMark::default()));
    registry.on_durable({
        let told = Arc::clone(&told);
        move |changed| *told.lock().unwrap() = changed.mark
    });
    registry.checkpoint().unwrap();
    let older = std::fs::read(dir.path().join(REGISTRY_FILE)).unwrap();
    registry
        .revoke_device(&Actor::OPERATOR, &device("lot-1"))
        .unwrap();
    let least = *told.lock().unwrap();
    assert_eq!(least, registry.mark());

    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let wal = copy.path().join(format!("{REGISTRY_FILE}-wal"));
    let whole = std::fs::read(&wal).unwrap();
    assert!(!whole.is_empty(), "the revocation is in it");
    let garbled = vec![0xa5; whole.len()];
    for content in [&garbled[..], &whole[..whole.len() / 2], b""] {
        std::fs::write(&wal, content).unwrap();
        let error = store_error(own(copy.path(), least));
        assert!(matches!(error, OpenStoreError::Older { .. }), "{error}");
        assert_eq!(
            std::fs::read(&wal).unwrap_or_default(),
            content,
            "as it was"
        );
    }
    std::fs::write(&wal, whole).unwrap();
    own(copy.path(), least).unwrap();
    std::fs::write(copy.path().join(REGISTRY_FILE), older).unwrap();
    let _ = std::fs::remove_file(&wal);
    let error = store_error(own(copy.path(), least));
    assert!(matches!(error, OpenStoreError::Older { .. }), "{error}");
}

#[test]
fn no_number_is_given_twice_whatever_was_lost() {
    let dir = tempfile::tempdir().unwrap();
    let registry = made(dir.path());
    let older = registry.mark();
    registry.checkpoint().unwrap();
    let path = dir.path().join(REGISTRY_FILE);
    let copy = std::fs::read(&path).unwrap();
    registry
        .register_device(&Actor::OPERATOR, new_device("lot-2"))
        .unwrap();
    let least = registry.mark();
    drop(registry);
    std::fs::write(&path, copy).unwrap();
    assert!(own(dir.path(), least).is_err());

    let numbers = Numbers {
        datastream: least.numbers.datastream + 10,
        ..least.numbers
    };
    mend(dir.path(), id("07"), least.changes, numbers).unwrap();
    let registry = own(dir.path(), least).unwrap();
    let before = registry.snapshot();
    assert!(before.device("lot-2").is_none(), "it is the older one");
    registry
        .register_device(&Actor::OPERATOR, new_device("lot-3"))
        .unwrap();
    let snapshot = registry.snapshot();
    let first = snapshot.device("lot-3").unwrap().datastreams.of_field(0);
    let first = u64::from(first.unwrap().get());
    assert!(first > numbers.datastream, "{first}");
    assert!(registry.mark().numbers.datastream > older.numbers.datastream);
}

/// Before a data model that lies there is taken in.
#[test]
fn a_restore_is_the_first_entry_after_it_and_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let head = made(dir.path()).audit_head();
    let model = r#"{"id": "safety.bin", "title": {"en": "Bin", "ko": "쓰레기통"}, "fields": [
        {"name": "level", "unit": "%", "title": {"en": "Level", "ko": "적재율"}}]}"#;
    let models = dir.path().join("models");
    std::fs::create_dir_all(&models).unwrap();
    std::fs::write(models.join("bin.json"), model).unwrap();
    let mut ends = Vec::new();
    for _ in 0..2 {
        let folder = RegistryFolder {
            mark: FolderMark::of(id("07")),
            least: RegistryMark::default(),
        };
        let now = || Timestamp::from_micros(0);
        let registry = Registry::open_in(dir.path(), folder, Some(backup()), now).unwrap();
        let entries = since(&registry, head);
        assert_eq!(entries[0].action, "backup.restore");
        assert_eq!(
            (entries[0].kind.as_str(), entries[0].object.as_str()),
            ("backup", "sha256:07")
        );
        assert_eq!(
            entries[0].after.as_deref(),
            Some(r#"{"made":"2026-05-01T00:00:00Z","offset":12}"#)
        );
        assert_eq!(entries[1].action, "model.add");
        ends.push(registry.audit_head());
    }
    assert_eq!(ends[0], ends[1]);
}
