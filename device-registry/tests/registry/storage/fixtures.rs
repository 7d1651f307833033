//! The files of each schema since 12, as its release left them: they are upgraded
//! in place, and nothing of them is lost.

use std::path::{Path, PathBuf};

use device_registry::{
    Actor, AuditHead, DevicePatch, DeviceStatus, Grant, ImportTerms, NewAgency, NewApplication,
    NewBatch, NewClaim, NewDescription, NewGroup, NewMembers, NewPerson, NewServiceToken,
    OldCredentials, PasswordTerms, Patch, ProviderIdentity, ProviderLogin, Registry, Role,
    SCHEMA_VERSION, Transfer, Visibility, verify_audit,
};
use domain::{GroupId, PersonId, ThingId, Timestamp};

use crate::audit;
use crate::harness::{
    DeviceKey, START_SECONDS, agency, device, extra_datastream, model, new_device, open_at, place,
};

/// What is shown once only, a line each: an API key, a claim's code, a batch's
/// credential and a service token.
const SHOWN_ONCE: &str = "shown-once";

fn folder(version: u32) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(format!("registry-v{version}"))
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn end() -> Timestamp {
    Timestamp::from_micros((START_SECONDS + 86_400) * 1_000_000)
}

/// Two devices of one thing, a gateway, a key and a password, one that moved and
/// went to another agency, one that was revoked.
fn register_devices(registry: &Registry) {
    let operator = &Actor::OPERATOR;
    for id in ["seoul", "busan"] {
        let name = format!("{id} 시청");
        let new = NewAgency {
            id: agency(id),
            name,
        };
        registry.create_agency(operator, new).unwrap();
    }
    let mut child = new_device("lot-1");
    child.gateway = Some(device("gate-1"));
    child.alias = Some("00:1b:44:11:3a:b7".to_owned());
    child.keys = vec![DeviceKey::ed25519(7).public()];
    child.visibility = Some(Visibility::Public);
    child.description = NewDescription {
        address: Some("세종대로 110".to_owned()),
        ..NewDescription::default()
    };
    let mut beside = new_device("air-1");
    beside.model = model("safety.air");
    beside.thing = Some(ThingId::new("lot-1").unwrap());
    for new in [
        new_device("gate-1"),
        child,
        beside,
        new_device("lot-2"),
        new_device("lot-3"),
    ] {
        registry.register_device(operator, new).unwrap();
    }
    let terms = PasswordTerms::default();
    registry
        .make_password(operator, &device("lot-2"), terms)
        .unwrap();
    for place in [place(37.5, 127.0), place(35.1, 129.0)] {
        let patch = DevicePatch {
            location: Patch::Set(place),
            ..DevicePatch::default()
        };
        registry
            .patch_device(operator, &device("lot-2"), patch)
            .unwrap();
    }
    let transfer = Transfer {
        from: agency("seoul"),
        to: agency("busan"),
        credentials: OldCredentials::Keep,
    };
    registry
        .transfer_device(operator, &device("lot-2"), &transfer)
        .unwrap();
    registry.revoke_device(operator, &device("lot-3")).unwrap();
    extra_datastream(registry, &device("lot-1"), "humidity").unwrap();
}

/// Those who log in, and what they log in with.
fn let_people_in(registry: &Registry) -> Vec<String> {
    let operator = &Actor::OPERATOR;
    let new = NewApplication {
        name: "Rain map".to_owned(),
        contact: "dev@example.org".to_owned(),
    };
    let made = registry.create_application(operator, new).unwrap();
    let grants = vec![Grant::new(Role::Operator, Some(agency("seoul"))).unwrap()];
    let person = NewPerson {
        id: PersonId::new("kim").unwrap(),
        name: "김민준".to_owned(),
        agency: Some(agency("seoul")),
        grants: grants.clone(),
    };
    registry.create_person(operator, person).unwrap();
    let token = NewServiceToken {
        name: "Reports".to_owned(),
        agency: Some(agency("seoul")),
        grants,
        until: end(),
    };
    let token = registry.create_service_token(operator, token).unwrap();
    let claim = NewClaim {
        agency: agency("seoul"),
        model: model("traffic.parking"),
        device: Some(device("lot-9")),
        note: "At the gate".to_owned(),
        expires: end(),
    };
    let claim = registry.create_claim(operator, claim).unwrap();
    let batch = NewBatch {
        agency: agency("seoul"),
        model: model("traffic.parking"),
        id_prefix: Some(device("lot-")),
        name: "Lot 12".to_owned(),
        most: 5,
        expires: end(),
    };
    let batch = registry.create_batch(operator, batch).unwrap();
    vec![made.key.text, claim.code, batch.credential, token.text]
}

/// Who comes from an identity provider: since version 13.
fn log_in_by_provider(registry: &Registry) {
    let login = ProviderLogin {
        identity: ProviderIdentity {
            issuer: "https://login.example.kr".to_owned(),
            subject: "u-1".to_owned(),
        },
        login_name: Some("lee".to_owned()),
        name: Some("이서연".to_owned()),
        grants: vec![Grant::new(Role::Viewer, Some(agency("seoul"))).unwrap()],
    };
    let address = [192, 0, 2, 1].into();
    registry.log_in_by_provider(address, login).unwrap();
}

/// Since version 14.
fn group(registry: &Registry) {
    let new = NewGroup {
        id: GroupId::new("lots").unwrap(),
        agency: agency("seoul"),
        name: "주차장".to_owned(),
        members: NewMembers::Listed(vec![device("lot-1")]),
    };
    registry.create_group(&Actor::OPERATOR, new).unwrap();
}

/// Writes the fixture of this version, before it is released:
/// `cargo test -p device-registry --test registry write_the_fixture -- --ignored`.
/// Those of the versions before stay as their releases left them.
#[test]
#[ignore = "writes into the source tree"]
fn write_the_fixture() {
    let made = tempfile::tempdir().unwrap();
    let registry = open_at(made.path()).unwrap();
    register_devices(&registry);
    let shown = let_people_in(&registry);
    log_in_by_provider(&registry);
    group(&registry);
    std::fs::write(made.path().join(SHOWN_ONCE), shown.join("\n")).unwrap();
    let fixture = folder(SCHEMA_VERSION);
    std::fs::create_dir_all(&fixture).unwrap();
    drop(registry);
    for file in [
        device_registry::REGISTRY_FILE,
        device_registry::PEPPER_FILE,
        SHOWN_ONCE,
    ] {
        std::fs::copy(made.path().join(file), fixture.join(file)).unwrap();
    }
}

/// What [`register_devices`] has made.
fn check_devices(registry: &Registry) {
    let snapshot = registry.snapshot();
    assert_eq!(
        (snapshot.agencies().count(), snapshot.device_count()),
        (2, 5)
    );
    let lot = snapshot.device_by_login("00:1b:44:11:3a:b7").unwrap();
    assert_eq!((lot.id.as_str(), lot.credentials.len()), ("lot-1", 1));
    assert_eq!(lot.gateway, Some(device("gate-1")));
    let thing = snapshot.thing("lot-1").unwrap();
    assert_eq!(*thing.devices, [device("lot-1"), device("air-1")]);
    assert_eq!(thing.description().address, "세종대로 110");
    assert_eq!(thing.visibility, Visibility::Public);
    let air = snapshot.device("air-1").unwrap();
    assert!(air.datastreams.iter().all(|it| *it.device == air.id));
    assert!(lot.datastream("humidity").unwrap().definition.is_none());
    let moved = snapshot.thing("lot-2").unwrap();
    assert_eq!((moved.locations.len(), moved.owners.len()), (2, 2));
    assert_eq!(moved.agency, agency("busan"));
    assert_eq!(snapshot.device("lot-2").unwrap().credentials.len(), 1);
    let revoked = snapshot.device("lot-3").unwrap();
    assert_eq!(revoked.status, DeviceStatus::Revoked);
}

/// What each schema knows stands, its audit goes on, and what is new can be
/// written.
fn is_upgraded(version: u32) {
    let dir = tempfile::tempdir().unwrap();
    copy(&folder(version), dir.path());
    let registry = open_at(dir.path()).unwrap();
    check_devices(&registry);
    let shown = std::fs::read_to_string(dir.path().join(SHOWN_ONCE)).unwrap();
    let [key, claim, batch, token] = shown.lines().collect::<Vec<_>>()[..] else {
        panic!("{shown}")
    };
    assert_eq!(
        registry.open_claim(claim).unwrap().device,
        Some(device("lot-9"))
    );
    assert_eq!(registry.authenticate_batch(batch).unwrap().most, 5);
    assert!(registry.authenticate_service_token(token).is_ok());
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.person("kim").unwrap().grants.len(), 1);
    let of_provider = |it: &&std::sync::Arc<device_registry::Person>| it.identity.is_some();
    let logged_in = snapshot.people().filter(of_provider).count();
    assert_eq!(
        (logged_in, snapshot.groups().count()),
        match version {
            12 => (0, 0),
            13 => (1, 0),
            _ => (1, 1),
        }
    );

    if version < 14 {
        group(&registry);
    }
    log_in_by_provider(&registry);
    let row = device_registry::ImportRow {
        line: 1,
        device: Ok(new_device("lot-4")),
    };
    let imported = registry.import_devices(&Actor::OPERATOR, [row], ImportTerms::APPLY, |_| {
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(imported.unwrap().registered, 1);
    let (before, head) = (registry.snapshot(), registry.audit_head());
    let chain = audit::all(&registry).into_iter().map(Ok::<_, String>);
    assert_eq!(verify_audit(chain, AuditHead::default(), None), Ok(head));
    drop(registry);
    let registry = open_at(dir.path()).unwrap();
    assert!(*registry.snapshot() == *before);
    assert_eq!(registry.audit_head(), head);
    // Its use is noted in memory, and would make the two differ.
    assert!(registry.authenticate_api_key(key).is_ok());
}

#[test]
fn the_twelfth_schema_is_upgraded_in_place() {
    is_upgraded(12);
}

#[test]
fn the_thirteenth_schema_is_upgraded_in_place() {
    is_upgraded(13);
}

#[test]
fn the_fourteenth_schema_is_upgraded_in_place() {
    is_upgraded(14);
}
