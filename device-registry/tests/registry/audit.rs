//! Who changed what: entries beside each change, as a chain.

mod actors;
mod tampering;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::ControlFlow;

use device_registry::{
    Actor, AgencyPatch, AuditEntry, AuditHead, AuditOrder, AuditQuery, DevicePatch, ImportRow,
    ImportTerms, Means, NewApiKey, NewApplication, PasswordTerms, Patch, Registry, Visibility,
    verify_audit,
};
use serde_json::{Value, json};

use crate::harness::{
    DeviceKey, TestRegistry, agency, device, extra_datastream, model, new_device, place,
};

/// Up to `limit` entries, oldest first.
fn query(limit: usize) -> AuditQuery {
    AuditQuery {
        limit,
        ..AuditQuery::default()
    }
}

pub(crate) fn all(registry: &Registry) -> Vec<AuditEntry> {
    registry.audit(&query(1_000_000)).unwrap()
}

/// The entries since `head`, which follow from it and end at the head by now.
pub(crate) fn since(registry: &Registry, head: AuditHead) -> Vec<AuditEntry> {
    let after = Some(head.number);
    let entries = registry.audit(&AuditQuery {
        after,
        ..query(1_000)
    });
    let entries = entries.unwrap();
    let chain = entries.iter().cloned().map(Ok::<_, String>);
    assert_eq!(verify_audit(chain, head, None), Ok(registry.audit_head()));
    entries
}

fn json(text: Option<&String>) -> Value {
    text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

/// Action, object, before and after of each.
fn told(entries: &[AuditEntry]) -> Vec<(String, String, Value, Value)> {
    let told = entries.iter().map(|entry| {
        let object = format!("{} {}", entry.kind, entry.object);
        let before = json(entry.before.as_ref());
        let after = json(entry.after.as_ref());
        (entry.action.clone(), object, before, after)
    });
    told.collect()
}

fn one(action: &str, object: &str, before: Value, after: Value) -> (String, String, Value, Value) {
    (action.to_owned(), object.to_owned(), before, after)
}

#[test]
fn a_device_is_one_entry_with_all_that_it_was_given() {
    let test = TestRegistry::new();
    let head = test.registry.audit_head();
    let operator = Actor {
        address: Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9))),
        means: Means::Session,
        ..Actor::OPERATOR
    };
    let mut new = new_device("lot-1");
    new.location = Some(place(37.5, 127.000_000_1));
    new.keys = vec![DeviceKey::ed25519(7).public()];
    let made = test.registry.register_device(&operator, new).unwrap();

    let entries = since(&test.registry, head);
    let [entry] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    assert_eq!(entry.number, head.number + 1);
    assert_eq!(entry.previous, head.hash);
    assert_eq!(entry.time, test.now());
    assert_eq!(entry.actor, "operator");
    assert_eq!(entry.address.as_deref(), Some("203.0.113.9"));
    assert_eq!(entry.means, "session");
    assert_eq!(entry.agency.as_deref(), Some("seoul"));
    let numbers: Vec<u32> = made.datastreams.iter().map(|one| one.id.get()).collect();
    let key = DeviceKey::ed25519(7).public();
    let after = json!({
        "thing": "lot-1", "model": "traffic.parking", "name": "lot-1",
        "location": "37.5005,127.0005", "visibility": "restricted", "licence": "KOGL-1",
        "attribution": "서울특별시",
        "credential.1": {"kind": "ed25519", "public_key": key.public_key},
        "datastreams": numbers,
    });
    let expected = one("device.register", "device lot-1", Value::Null, after);
    assert_eq!(told(&entries), [expected]);
}

#[test]
fn a_patch_tells_what_it_altered_and_nothing_where_it_altered_nothing() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    let head = registry.audit_head();
    let patch = DevicePatch {
        name: Some("Parking lot".to_owned()),
        location: Patch::Set(place(37.5, 127.0)),
        visibility: Some(Visibility::Public),
        ..DevicePatch::default()
    };
    for _ in 0..2 {
        registry
            .patch_device(&Actor::OPERATOR, &device("lot-1"), patch.clone())
            .unwrap();
    }
    registry
        .revoke_device(&Actor::OPERATOR, &device("lot-1"))
        .unwrap();
    assert_eq!(
        told(&since(registry, head)),
        [
            one(
                "device.patch",
                "device lot-1",
                json!({"name": "lot-1", "visibility": "restricted"}),
                json!({"location": "37.5005,127.0005", "name": "Parking lot", "visibility": "public"}),
            ),
            one(
                "device.revoke",
                "device lot-1",
                json!({"status": "active"}),
                json!({"status": "revoked"}),
            ),
        ]
    );
}

#[test]
fn no_secret_and_no_contact_is_told() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    let head = registry.audit_head();
    let terms = PasswordTerms::default();
    let made = registry
        .make_password(&Actor::OPERATOR, &device("lot-1"), terms)
        .unwrap();
    registry
        .remove_credential(&Actor::OPERATOR, &device("lot-1"), made.credential.id)
        .unwrap();
    let new = NewApplication {
        name: "Rain map".to_owned(),
        contact: "dev@example.org".to_owned(),
    };
    let created = registry.create_application(&Actor::OPERATOR, new).unwrap();
    let id = &created.application.id;
    let issued = registry
        .create_key(&Actor::OPERATOR, id, NewApiKey::secret())
        .unwrap();
    registry
        .revoke_key(&Actor::OPERATOR, id, &issued.key.id)
        .unwrap();
    registry.authenticate_api_key(&created.key.text).unwrap();
    registry.flush_last_uses().unwrap();

    let entries = since(registry, head);
    let password = json!({"credential.1": {"kind": "password", "networks": []}});
    let key = |id: &str| format!("key {id}");
    let new_key = json!({"application": id.as_str(), "kind": "secret"});
    let now = json!(test.now().to_rfc3339());
    let issued_id = key(issued.key.id.as_str());
    assert_eq!(
        told(&entries),
        [
            one(
                "credential.add",
                "device lot-1",
                Value::Null,
                password.clone()
            ),
            one("credential.remove", "device lot-1", password, Value::Null),
            one(
                "application.create",
                &format!("application {id}"),
                Value::Null,
                json!({"name": "Rain map"})
            ),
            one(
                "key.create",
                &key(created.key.key.id.as_str()),
                Value::Null,
                new_key.clone()
            ),
            one("key.create", &issued_id, Value::Null, new_key),
            one(
                "key.revoke",
                &issued_id,
                json!({"revoked": null}),
                json!({"revoked": now})
            ),
        ],
        "and a key's use is no change"
    );
}

#[test]
fn what_devices_and_models_bring_is_told_in_sum() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    for id in ["lot-1", "lot-2"] {
        registry
            .register_device(&Actor::OPERATOR, new_device(id))
            .unwrap();
    }
    let head = registry.audit_head();
    let fields = ["lot-1", "lot-2"].map(|id| {
        match registry.extra_datastream(&device(id), "snow").unwrap() {
            device_registry::ExtraDatastream::New(new) => new,
            standing @ device_registry::ExtraDatastream::Standing(_) => panic!("{standing:?}"),
        }
    });
    registry.make_extra_datastreams(&fields).unwrap();
    extra_datastream(registry, &device("lot-1"), "ice").unwrap();
    let kept = AgencyPatch {
        retention_days: [(model("traffic.parking"), Some(400))].into(),
    };
    registry
        .patch_agency(&Actor::OPERATOR, &agency("seoul"), &kept)
        .unwrap();
    let entries = since(registry, head);
    let sum = |count: u32| {
        let after = json!({"datastreams": count});
        one(
            "datastream.add",
            "model traffic.parking",
            Value::Null,
            after,
        )
    };
    assert_eq!(
        told(&entries),
        [
            sum(2),
            sum(1),
            one(
                "agency.patch",
                "agency seoul",
                json!({"retention_days.traffic.parking": null}),
                json!({"retention_days.traffic.parking": 400}),
            ),
        ]
    );
    assert_eq!(
        (&*entries[0].actor, &*entries[0].means),
        ("devices", "telemetry")
    );
}

#[test]
fn an_import_is_an_entry_for_each_device_and_nothing_where_it_failed() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    let head = registry.audit_head();
    let rows = |count: u64| {
        let row = |line| ImportRow {
            line,
            device: Ok(new_device(&format!("lot-{line}"))),
        };
        (1..=count).map(row).collect::<Vec<_>>()
    };
    registry
        .import_devices(&Actor::OPERATOR, rows(600), ImportTerms::DRY_RUN, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(registry.audit_head(), head);
    registry
        .import_devices(&Actor::OPERATOR, rows(600), ImportTerms::APPLY, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    let devices: BTreeSet<String> = since(registry, head)
        .into_iter()
        .map(|entry| entry.object)
        .collect();
    assert_eq!(devices.len(), 600);

    let head = registry.audit_head();
    registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap_err();
    assert_eq!(registry.audit_head(), head);
}

#[test]
fn entries_are_found_by_all_that_they_tell_and_page_by_page() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    for id in ["lot-1", "lot-2"] {
        registry
            .register_device(&Actor::OPERATOR, new_device(id))
            .unwrap();
        test.pass_seconds(60);
    }
    let found = |query: AuditQuery| {
        let entries = registry.audit(&query).unwrap();
        entries.iter().map(|entry| entry.number).collect::<Vec<_>>()
    };
    let end = registry.audit_head().number;
    let devices = [end - 1, end];
    let text = |text: &str| Some(text.to_owned());
    let by = |alter: fn(&mut AuditQuery)| {
        let mut query = query(100);
        alter(&mut query);
        found(query)
    };
    assert_eq!(by(|query| query.kind = Some("device".into())), devices);
    assert_eq!(by(|query| query.object = Some("lot-2".into())), [end]);
    assert!(by(|query| query.object = Some("lot-3".into())).is_empty());
    assert_eq!(by(|query| query.agency = Some("seoul".into())).len(), 3);
    assert_eq!(
        found(AuditQuery {
            actor: text("platform"),
            ..query(1_000)
        })
        .len() as u64,
        end - 3,
        "the built-in models"
    );
    let minute = domain::Timestamp::from_micros(test.now().as_micros() - 60_000_000);
    assert_eq!(
        found(AuditQuery {
            from: Some(minute),
            ..query(100)
        }),
        [end]
    );
    let older = found(AuditQuery {
        to: Some(minute),
        ..query(1_000)
    });
    assert_eq!(older, (1..end).collect::<Vec<_>>());

    let newest = AuditQuery {
        order: AuditOrder::NewestFirst,
        ..query(2)
    };
    assert_eq!(found(newest.clone()), [end, end - 1]);
    let next = AuditQuery {
        after: Some(end - 1),
        ..newest
    };
    assert_eq!(found(next), [end - 2, end - 3]);
    for after in [end, u64::MAX] {
        let after = Some(after);
        assert!(found(AuditQuery { after, ..query(2) }).is_empty());
    }
}
