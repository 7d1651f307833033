//! Whatever is done, the rows make the snapshot that was seen before: any
//! sequence of operations, with restarts among them, against a small model.

mod indexes;

use std::collections::BTreeMap;

use device_registry::{
    Actor, AgencyPatch, DevicePatch, DeviceStatus, GeoJson, NewApiKey, NewApplication, NewBoundary,
    PasswordTerms, Patch, Visibility,
};
use domain::{AgencyId, ApplicationId, BoundaryName, DatastreamId, ThingId};
use proptest::prelude::*;

use crate::harness::{
    DeviceKey, TestRegistry, agency, device, extra_datastream, new_device, place,
};

#[derive(Clone, Debug)]
enum Operation {
    Agency(u8),
    Register {
        id: u8,
        agency: u8,
        takes_over: Option<u8>,
    },
    Move {
        id: u8,
        to: Option<u8>,
    },
    Publish(u8),
    Expire(u8),
    Gateway {
        id: u8,
        gateway: Option<u8>,
    },
    Revoke(u8),
    AddKey {
        id: u8,
        seed: u8,
    },
    MakePassword(u8),
    RemoveFirstCredential(u8),
    ExtraField {
        id: u8,
        field: u8,
    },
    GrowModel(u8),
    Keep {
        agency: u8,
        days: Option<u32>,
    },
    Draw {
        name: u8,
        west: u8,
    },
    Erase(u8),
    Application,
    Key,
    RevokeKeys,
    Wait,
    Reopen,
    Kill,
}

fn operation() -> impl Strategy<Value = Operation> {
    let id = 0..6u8;
    prop_oneof![
        1 => (0..3u8).prop_map(Operation::Agency),
        6 => (id.clone(), 0..3u8, prop::option::weighted(0.3, id.clone()))
            .prop_map(|(id, agency, takes_over)| Operation::Register { id, agency, takes_over }),
        2 => (id.clone(), prop::option::of(0..3u8)).prop_map(|(id, to)| Operation::Move { id, to }),
        1 => id.clone().prop_map(Operation::Publish),
        1 => id.clone().prop_map(Operation::Expire),
        2 => (id.clone(), prop::option::weighted(0.7, id.clone()))
            .prop_map(|(id, gateway)| Operation::Gateway { id, gateway }),
        1 => id.clone().prop_map(Operation::Revoke),
        2 => (id.clone(), 1..5u8).prop_map(|(id, seed)| Operation::AddKey { id, seed }),
        1 => id.clone().prop_map(Operation::MakePassword),
        1 => id.clone().prop_map(Operation::RemoveFirstCredential),
        2 => (id, 0..4u8).prop_map(|(id, field)| Operation::ExtraField { id, field }),
        1 => (0..4u8).prop_map(Operation::GrowModel),
        1 => (0..3u8, prop::option::of(1..9u32))
            .prop_map(|(agency, days)| Operation::Keep { agency, days }),
        1 => (0..3u8, 0..9u8).prop_map(|(name, west)| Operation::Draw { name, west }),
        1 => (0..3u8).prop_map(Operation::Erase),
        1 => Just(Operation::Application),
        1 => Just(Operation::Key),
        1 => Just(Operation::RevokeKeys),
        2 => Just(Operation::Wait),
        2 => Just(Operation::Reopen),
        2 => Just(Operation::Kill),
    ]
}

/// What has to be so, told without the registry's own structures.
#[derive(Default)]
struct Expected {
    agencies: std::collections::BTreeSet<AgencyId>,
    /// Each device's thing and status.
    devices: BTreeMap<String, (String, DeviceStatus)>,
    /// The number that a thing's field once got.
    numbers: BTreeMap<(String, String), DatastreamId>,
    applications: Vec<ApplicationId>,
    /// What agencies say of the model that all devices here have.
    retentions: BTreeMap<AgencyId, u32>,
    /// Each boundary's western end.
    boundaries: BTreeMap<BoundaryName, u8>,
}

fn name(id: u8) -> String {
    format!("dev-{id}")
}

fn boundary(number: u8) -> BoundaryName {
    BoundaryName::new(format!("boundary-{number}")).unwrap()
}

fn field(number: u8) -> String {
    format!("extra-{number}")
}

impl Expected {
    fn apply(&mut self, test: TestRegistry, operation: &Operation) -> TestRegistry {
        let registry = &test.registry;
        match operation {
            Operation::Agency(number) => {
                let id = agency(&format!("agency-{number}"));
                let new = device_registry::NewAgency {
                    id: id.clone(),
                    name: "An agency".to_owned(),
                };
                let made = registry.create_agency(&Actor::Operator, new).is_ok();
                assert_eq!(made, self.agencies.insert(id));
            }
            Operation::Register {
                id,
                agency: owner,
                takes_over,
            } => {
                self.register(&test, *id, *owner, *takes_over);
            }
            Operation::Move { id, to } => {
                let location = match to {
                    Some(step) => Patch::Set(place(37.0 + f64::from(*step), 127.0)),
                    None => Patch::Clear,
                };
                self.patch(
                    &test,
                    *id,
                    DevicePatch {
                        location,
                        ..DevicePatch::default()
                    },
                );
            }
            Operation::Publish(id) => {
                let visibility = Some(Visibility::Public);
                self.patch(
                    &test,
                    *id,
                    DevicePatch {
                        visibility,
                        ..DevicePatch::default()
                    },
                );
            }
            Operation::Expire(id) => {
                let expires = Patch::Set(test.now());
                self.patch(
                    &test,
                    *id,
                    DevicePatch {
                        expires,
                        ..DevicePatch::default()
                    },
                );
            }
            Operation::Gateway { id, gateway } => {
                let gateway = match gateway {
                    Some(gateway) => Patch::Set(device(&name(*gateway))),
                    None => Patch::Clear,
                };
                let patch = DevicePatch {
                    gateway,
                    ..DevicePatch::default()
                };
                // Whether it may be so is for `check` to see, afterwards.
                let _ = registry.patch_device(&Actor::Operator, &device(&name(*id)), patch);
            }
            Operation::Revoke(id) => {
                let revoked = registry.revoke_device(&Actor::Operator, &device(&name(*id)));
                let entry = self.devices.get_mut(&name(*id));
                assert_eq!(revoked.is_ok(), entry.is_some());
                if let Some((_, status)) = entry {
                    *status = DeviceStatus::Revoked;
                }
            }
            Operation::AddKey { id, seed } => {
                let key = DeviceKey::ed25519(*seed).public();
                let added = registry.add_key(&Actor::Operator, &device(&name(*id)), &key);
                assert!(added.is_err() || self.is_active(*id));
            }
            Operation::MakePassword(id) => {
                let made = registry.make_password(
                    &Actor::Operator,
                    &device(&name(*id)),
                    PasswordTerms::default(),
                );
                assert!(made.is_err() || self.is_active(*id));
            }
            Operation::RemoveFirstCredential(id) => {
                let snapshot = registry.snapshot();
                if let Some(first) = snapshot
                    .device(&name(*id))
                    .and_then(|device| device.credentials.first())
                {
                    registry
                        .remove_credential(&Actor::Operator, &device(&name(*id)), first.id)
                        .unwrap();
                }
            }
            Operation::ExtraField { id, field: number } => {
                let made = extra_datastream(registry, &device(&name(*id)), &field(*number));
                assert_eq!(made.is_ok(), self.devices.contains_key(&name(*id)));
            }
            Operation::GrowModel(number) => grow_parking(&test, &field(*number)),
            Operation::Keep {
                agency: number,
                days,
            } => self.keep(&test, &agency(&format!("agency-{number}")), *days),
            Operation::Draw { name, west } => self.draw(&test, *name, *west),
            Operation::Erase(name) => {
                let name = boundary(*name);
                let erased = registry.remove_boundary(&Actor::Operator, &name).is_ok();
                assert_eq!(erased, self.boundaries.remove(&name).is_some());
            }
            Operation::Application => {
                let new = NewApplication {
                    name: "An application".to_owned(),
                    contact: "dev@example.org".to_owned(),
                };
                let created = registry.create_application(&Actor::Operator, new).unwrap();
                self.applications.push(created.application.id.clone());
            }
            Operation::Key => {
                if let Some(id) = self.applications.last() {
                    let made = registry.create_key(&Actor::Operator, id, NewApiKey::secret());
                    if let Ok(key) = made {
                        registry.authenticate_api_key(&key.text).unwrap();
                        registry.flush_last_uses().unwrap();
                    }
                }
            }
            Operation::RevokeKeys => {
                if let Some(id) = self.applications.first() {
                    let snapshot = registry.snapshot();
                    for key in snapshot.keys_of(id) {
                        registry.revoke_key(&Actor::Operator, id, &key.id).unwrap();
                    }
                }
            }
            Operation::Wait => test.pass_seconds(60),
            Operation::Reopen => return restart(test, TestRegistry::reopen),
            Operation::Kill => return restart(test, TestRegistry::kill),
        }
        test
    }

    fn keep(&mut self, test: &TestRegistry, agency: &AgencyId, days: Option<u32>) {
        let parking = crate::harness::model("traffic.parking");
        let patch = AgencyPatch {
            retention_days: [(parking, days)].into(),
        };
        let kept = test
            .registry
            .patch_agency(&Actor::Operator, agency, &patch)
            .is_ok();
        assert_eq!(kept, self.agencies.contains(agency));
        match days {
            Some(days) if kept => self.retentions.insert(agency.clone(), days),
            _ => self.retentions.remove(agency),
        };
    }

    fn draw(&mut self, test: &TestRegistry, name: u8, west: u8) {
        let lon = f64::from(west) + 0.123_456_7;
        let ring = [(lon, 1.0), (lon + 1.0, 2.0), (lon, 3.0), (lon, 1.0)];
        let new = NewBoundary {
            name: boundary(name),
            title_en: "A corner".to_owned(),
            title_ko: "모퉁이".to_owned(),
            geometry: GeoJson::Polygon(vec![ring.map(|(lon, lat)| vec![lon, lat]).to_vec()]),
        };
        let put = test.registry.put_boundary(&Actor::Operator, new).unwrap();
        let before = self.boundaries.insert(boundary(name), west);
        assert_eq!(put.replaced, before.is_some());
    }

    fn register(&mut self, test: &TestRegistry, id: u8, owner: u8, takes_over: Option<u8>) {
        let mut new = new_device(&name(id));
        new.agency = agency(&format!("agency-{owner}"));
        new.thing = takes_over.map(|id| ThingId::new(name(id)).unwrap());
        new.location = id.is_multiple_of(2).then(|| place(36.0, 127.0));
        let made = test.registry.register_device(&Actor::Operator, new);
        if let Ok(made) = &made {
            let thing = made.thing.to_string();
            let previous = self.devices.insert(name(id), (thing, DeviceStatus::Active));
            assert_eq!(previous, None, "an id is given once");
        } else {
            let free = !self.devices.contains_key(&name(id));
            let owned = self.agencies.contains(&agency(&format!("agency-{owner}")));
            assert!(!(free && owned && takes_over.is_none()), "{made:?}");
        }
    }

    fn patch(&self, test: &TestRegistry, id: u8, patch: DevicePatch) {
        let patched = test
            .registry
            .patch_device(&Actor::Operator, &device(&name(id)), patch);
        assert_eq!(patched.is_ok(), self.devices.contains_key(&name(id)));
    }

    fn is_active(&self, id: u8) -> bool {
        matches!(self.devices.get(&name(id)), Some((_, DeviceStatus::Active)))
    }

    fn check(&mut self, test: &TestRegistry) {
        let snapshot = test.registry.snapshot();
        let devices: BTreeMap<String, (String, DeviceStatus)> = snapshot
            .devices(None)
            .map(|device| {
                (
                    device.id.to_string(),
                    (device.thing.to_string(), device.status),
                )
            })
            .collect();
        assert_eq!(devices, self.devices);
        assert_eq!(snapshot.agencies().count(), self.agencies.len());
        assert_eq!(snapshot.applications().count(), self.applications.len());
        self.check_retentions_and_boundaries(&snapshot);
        for device in snapshot.devices(None) {
            assert!(device.credentials.len() <= 3);
            if let Some(gateway) = &device.gateway {
                let gateway = snapshot.device(gateway.as_str()).unwrap();
                assert_eq!((&gateway.agency, &gateway.gateway), (&device.agency, &None));
                assert!(
                    snapshot
                        .children_of(&gateway.id)
                        .any(|child| child == device)
                );
            }
            for child in snapshot.children_of(&device.id) {
                assert_eq!(child.gateway.as_ref(), Some(&device.id));
            }
            for field in &device.model.fields {
                assert!(device.datastream(field.name.as_str()).is_some());
            }
            for datastream in &device.datastreams {
                assert_eq!(snapshot.datastream(datastream.id), Some(datastream));
                assert_eq!(datastream.thing, device.thing);
            }
        }
        for datastream in snapshot.datastreams(DatastreamId::new(0)) {
            let key = (datastream.thing.to_string(), datastream.field.to_string());
            let number = *self.numbers.entry(key).or_insert(datastream.id);
            assert_eq!(number, datastream.id, "a datastream keeps its number");
        }
        self.check_public(&snapshot);
        let numbers: std::collections::BTreeSet<_> = self.numbers.values().collect();
        assert_eq!(numbers.len(), self.numbers.len(), "and nobody else gets it");
    }
}

/// What was seen before is what is seen after.
fn restart(test: TestRegistry, how: fn(TestRegistry) -> TestRegistry) -> TestRegistry {
    let before = test.registry.snapshot();
    let test = how(test);
    let after = test.registry.snapshot();
    // Compared in parts first: a difference is told shortly.
    for device in before.devices(None) {
        assert_eq!(after.device(device.id.as_str()), Some(device));
    }
    assert_eq!(*before, *after);
    test
}

/// Adds a field to the model that all devices here have.
fn grow_parking(test: &TestRegistry, field: &str) {
    let snapshot = test.registry.snapshot();
    let parking = snapshot
        .model(&crate::harness::model("traffic.parking"))
        .unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&parking.to_json()).unwrap();
    if parking.field(field).is_none() {
        json["fields"]
            .as_array_mut()
            .unwrap()
            .push(serde_json::json!({
                "name": field, "unit": "1", "title": {"en": "More", "ko": "추가"}
            }));
    }
    test.registry
        .add_model(&Actor::Operator, json.to_string().as_bytes())
        .unwrap();
}

proptest! {
    // Each case makes a registry on the disk and syncs it some 20 times.
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_rows_make_the_snapshot(operations in prop::collection::vec(operation(), 1..40)) {
        let mut test = TestRegistry::empty();
        let mut expected = Expected::default();
        test = expected.apply(test, &Operation::Agency(0));
        for operation in operations.iter().chain([&Operation::Reopen]) {
            test = expected.apply(test, operation);
            expected.check(&test);
        }
    }
}
