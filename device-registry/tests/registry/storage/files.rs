//! The data folder: newer ones, strangers' ones, used ones, broken ones.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use device_registry::{
    Actor, AgencyPatch, AuditHead, DevicePatch, Grant, NewApplication, NewDescription, NewKey,
    NewPerson, OpenError, OpenStoreError, PEPPER_FILE, REGISTRY_FILE, Refinement, Role,
    SCHEMA_VERSION, verify_audit,
};
use domain::{CredentialId, DatastreamId, PersonId};

use crate::audit;
use crate::harness::{TestRegistry, agency, device, model, new_device, open_at};

/// Of a key of P-384.
const CERTIFICATE: &str = include_str!("../../../src/device/public_key/certificate/p384.pem");

#[test]
fn a_newer_schema_is_refused_and_left_untouched() {
    let test = TestRegistry::new();
    let dir = test.dir;
    drop(test.registry);
    let path = dir.path().join(REGISTRY_FILE);
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "journal_mode", "DELETE").unwrap();
    newer
        .pragma_update(None, "user_version", SCHEMA_VERSION + 1)
        .unwrap();
    drop(newer);
    let before = listing(dir.path());

    let error = open_at(dir.path()).unwrap_err();
    let OpenError::Open(OpenStoreError::Newer { found, .. }) = &error else {
        panic!("{error}");
    };
    assert_eq!(*found, SCHEMA_VERSION + 1);
    assert!(error.to_string().contains("newer"), "{error}");
    assert_eq!(listing(dir.path()), before, "not one byte has changed");
}

/// The files of a schema, as its release left them when it was killed: with a
/// journal that is not folded in.
fn release(fixture: &str, dir: &std::path::Path) {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for entry in std::fs::read_dir(fixtures.join(fixture)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), dir.join(entry.file_name())).unwrap();
    }
}

#[test]
fn the_first_schema_is_upgraded_in_place() {
    let dir = tempfile::tempdir().unwrap();
    release("registry-v1", dir.path());
    let registry = open_at(dir.path()).unwrap();
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.agencies().count(), 1);
    let lot = snapshot.device_by_login("00:1b:44:11:3a:b7").unwrap();
    assert_eq!((lot.id.as_str(), lot.credentials.len()), ("lot-1", 1));
    assert_eq!(lot.gateway, None);
    assert_eq!(snapshot.public_datastreams(None, |_| true).count(), 6);
    assert_eq!(
        snapshot.device("lot-2").unwrap().status,
        device_registry::DeviceStatus::Revoked
    );
    let key = "mdk_ejoTovIliCLT_nwR3WH3Wrzjdo1gsoYCImLTO0wMmWZXtaUnivmfrD6u_4LXrcJ";
    assert!(registry.authenticate_api_key(key).is_ok());
    // And what the new schema knows can be written.
    let mut child = new_device("lot-3");
    child.gateway = Some(device("lot-1"));
    registry.register_device(&Actor::OPERATOR, child).unwrap();
    drop((snapshot, registry));

    let registry = open_at(dir.path()).unwrap();
    let snapshot = registry.snapshot();
    let child = snapshot.device("lot-3").unwrap();
    assert_eq!(child.gateway, Some(device("lot-1")));
}

#[test]
fn an_upgrade_gives_no_number_again() {
    let dir = tempfile::tempdir().unwrap();
    release("registry-v1", dir.path());
    // As after a repair that found observations of datastreams that are gone.
    rusqlite::Connection::open(dir.path().join(REGISTRY_FILE))
        .unwrap()
        .execute_batch(
            "UPDATE sqlite_sequence SET seq = 500 WHERE name IN ('datastream', 'credential')",
        )
        .unwrap();
    let registry = open_at(dir.path()).unwrap();
    let new = registry.register_device(&Actor::OPERATOR, new_device("lot-3"));
    assert_eq!(
        new.unwrap().datastreams.get(0).unwrap().id,
        DatastreamId::new(501)
    );
    // Of a kind that the first schema does not know.
    let certificate = NewKey {
        alg: String::new(),
        public_key: CERTIFICATE.to_owned(),
        expires: None,
    };
    let added = registry.add_key(&Actor::OPERATOR, &device("lot-1"), &certificate);
    let added = added.unwrap();
    assert_eq!(added.id, CredentialId::new(501));
    drop(registry);
    let registry = open_at(dir.path()).unwrap();
    let lot = Arc::clone(registry.snapshot().device("lot-1").unwrap());
    assert_eq!((lot.credentials.len(), &lot.credentials[1]), (2, &added));
}

#[test]
fn the_second_schema_is_upgraded_in_place() {
    let dir = tempfile::tempdir().unwrap();
    release("registry-v2", dir.path());
    let registry = open_at(dir.path()).unwrap();
    let snapshot = registry.snapshot();
    let lot = snapshot.device("lot-1").unwrap();
    assert_eq!(lot.gateway, Some(device("gate-1")));
    assert!(snapshot.model(&model("traffic.bicycle")).is_some());
    assert_eq!(snapshot.boundaries().count(), 0);
    let (seoul, parking) = (agency("seoul"), model("traffic.parking"));
    assert_eq!(snapshot.retention_days(&seoul, &parking), None);
    let key = "mdk_LEPEe5bpJPYv_hF1vDya5J42o0FDD8rZDiW30SQICweAyS03iuLzfmzz_1cDrCn";
    assert!(registry.authenticate_api_key(key).is_ok());
    // And what the new schema knows can be written.
    let retention_days = [(parking.clone(), Some(90))].into();
    registry
        .patch_agency(&Actor::OPERATOR, &seoul, &AgencyPatch { retention_days })
        .unwrap();
    let nothing = Refinement::default();
    registry
        .refine_model(&Actor::OPERATOR, &seoul, &parking, nothing)
        .unwrap();
    let person = NewPerson {
        id: PersonId::new("kim").unwrap(),
        name: "Kim".to_owned(),
        agency: Some(seoul.clone()),
        grants: vec![Grant::new(Role::Operator, Some(seoul.clone())).unwrap()],
    };
    registry.create_person(&Actor::OPERATOR, person).unwrap();
    let said = DevicePatch {
        description: NewDescription {
            address: Some("중구 세종대로 110".to_owned()),
            tags: Some(vec!["시청".to_owned()]),
            ..NewDescription::default()
        },
        ..DevicePatch::default()
    };
    registry
        .patch_device(&Actor::OPERATOR, &device("lot-1"), said)
        .unwrap();
    drop((snapshot, registry));
    let registry = open_at(dir.path()).unwrap();
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.retention_days(&seoul, &parking), Some(90));
    assert_eq!(snapshot.person("kim").unwrap().agency, Some(seoul));
    let lot = snapshot.thing("lot-1").unwrap();
    assert_eq!(lot.description().address, "중구 세종대로 110");
    assert_eq!(lot.description().tags[0].as_str(), "시청");
    let entries = audit::all(&registry);
    assert_eq!(entries[0].number, 1, "the audit begins with the upgrade");
    let chain = entries.into_iter().map(Ok::<_, String>);
    let end = verify_audit(chain, AuditHead::default(), None);
    assert_eq!(end, Ok(registry.audit_head()));
}

/// Every file of a folder with its content.
fn listing(dir: &std::path::Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_strangers_file_is_refused_and_left() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(REGISTRY_FILE);
    std::fs::write(
        &path,
        b"not a database, though longer than its header would be".repeat(4),
    )
    .unwrap();
    let before = listing(dir.path());
    let error = open_at(dir.path()).unwrap_err();
    assert!(
        matches!(error, OpenError::Open(OpenStoreError::Foreign(_))),
        "{error}"
    );
    assert_eq!(listing(dir.path()), before);
}

#[test]
fn two_cannot_have_it_at_once() {
    let test = TestRegistry::new();
    let error = open_at(test.dir.path()).unwrap_err();
    assert!(
        matches!(error, OpenError::Open(OpenStoreError::InUse(_))),
        "{error}"
    );
    assert_eq!(test.registry.snapshot().agencies().count(), 1);
    let test = test.reopen();
    assert_eq!(test.registry.snapshot().agencies().count(), 1);
}

#[test]
fn the_pepper_is_private_and_not_made_anew_under_standing_keys() {
    let test = TestRegistry::empty();
    let path = test.dir.path().join(PEPPER_FILE);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    test.registry
        .create_application(
            &Actor::OPERATOR,
            NewApplication {
                name: "Rain map".to_owned(),
                contact: "dev@example.org".to_owned(),
            },
        )
        .unwrap();
    let dir = test.dir;
    drop(test.registry);
    let pepper = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let error = open_at(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::PepperMissing(_)), "{error}");
    std::fs::write(&path, &pepper[..31]).unwrap();
    let error = open_at(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::PepperDamaged(_)), "{error}");
    std::fs::write(&path, &pepper).unwrap();
    open_at(dir.path()).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(
        mode & 0o777,
        0o600,
        "a mode that lets others read is mended"
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, b"").unwrap();
    let error = open_at(&path.join("data")).unwrap_err();
    assert!(error.to_string().contains("data"), "{error}");
}

#[test]
fn the_database_is_private() {
    let test = TestRegistry::new();
    for entry in std::fs::read_dir(test.dir.path()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        }
    }
}
