//! What has to be so, told without the structures of the registry.

use std::collections::BTreeMap;

use device_registry::{
    Actor, AgencyPatch, DevicePatch, DeviceStatus, GeoJson, NewAgency, NewApiKey, NewApplication,
    NewBoundary, OldCredentials, PasswordTerms, Replacement, Transfer,
};
use domain::{AgencyId, ApplicationId, BoundaryName, DatastreamId, PersonId, ThingId, Timestamp};

use super::operation::{Operation, behind_gateway, described, expired, moved, published};
use super::people::remove_service_tokens;
use crate::harness::{
    DeviceKey, TestRegistry, agency, device, extra_datastream, new_device, place,
};

/// What has to be so, told without the registry's own structures.
#[derive(Default)]
pub(super) struct Expected {
    pub(super) agencies: std::collections::BTreeSet<AgencyId>,
    /// Each device's thing and status.
    pub(super) devices: BTreeMap<String, (String, DeviceStatus)>,
    /// The number that a thing's field once got.
    pub(super) numbers: BTreeMap<(String, String), DatastreamId>,
    pub(super) applications: Vec<ApplicationId>,
    /// What agencies say of the model that all devices here have.
    pub(super) retentions: BTreeMap<AgencyId, u32>,
    /// Each boundary's western end.
    pub(super) boundaries: BTreeMap<BoundaryName, u8>,
    /// Each person's agency.
    pub(super) people: BTreeMap<PersonId, AgencyId>,
}

pub(super) fn name(id: u8) -> String {
    format!("dev-{id}")
}

fn boundary(number: u8) -> BoundaryName {
    BoundaryName::new(format!("boundary-{number}")).unwrap()
}

fn field(number: u8) -> String {
    format!("extra-{number}")
}

impl Expected {
    pub(super) fn apply(&mut self, test: TestRegistry, operation: &Operation) -> TestRegistry {
        match operation {
            Operation::Agency(number) => self.create_agency(&test, *number),
            Operation::Register {
                id,
                agency: owner,
                takes_over,
            } => self.register(&test, *id, *owner, *takes_over),
            Operation::Move {
                id,
                to,
                seconds_ago,
            } => {
                let micros = |ago: &u8| test.now().as_micros() - i64::from(*ago) * 1_000_000;
                let since = seconds_ago.as_ref().map(micros);
                let patch = moved(*to, since.map(Timestamp::from_micros));
                self.patch(&test, *id, patch);
            }
            Operation::Describe { id, words } => self.patch(&test, *id, described(*words)),
            Operation::Publish(id) => self.patch(&test, *id, published()),
            Operation::Expire(id) => self.patch(&test, *id, expired(test.now())),
            Operation::Gateway { id, gateway } => {
                // Whether it may be so is for `check` to see, afterwards.
                let patch = behind_gateway(*gateway);
                let _ = (test.registry).patch_device(&Actor::OPERATOR, &device(&name(*id)), patch);
            }
            Operation::Revoke(id) => self.revoke(&test, *id),
            Operation::Transfer { id, to } => self.transfer(&test, *id, *to),
            Operation::Replace { id, by } => self.replace(&test, *id, *by),
            Operation::Decommission(id) => self.decommission(&test, *id),
            Operation::AddKey { id, seed } => self.add_key(&test, *id, *seed),
            Operation::MakePassword(id) => self.make_password(&test, *id),
            Operation::RemoveFirstCredential(id) => remove_first_credential(&test, *id),
            Operation::ExtraField { id, field: number } => {
                let id = name(*id);
                let made = extra_datastream(&test.registry, &device(&id), &field(*number));
                assert_eq!(made.is_ok(), self.devices.contains_key(&id));
            }
            Operation::GrowModel(number) => grow_parking(&test, &field(*number)),
            Operation::Keep {
                agency: number,
                days,
            } => self.keep(&test, &agency(&format!("agency-{number}")), *days),
            Operation::Draw { name, west } => self.draw(&test, *name, *west),
            Operation::Erase(name) => self.erase(&test, *name),
            Operation::Application => self.create_application(&test),
            Operation::Key => self.make_and_use_key(&test),
            Operation::RevokeKeys => self.revoke_keys(&test),
            Operation::Person { id, agency } => self.create_person(&test, *id, *agency),
            Operation::ChangePerson(id) => self.change_person(&test, *id),
            Operation::RemovePerson(id) => self.remove_person(&test, *id),
            Operation::ServiceToken(agency) => self.create_service_token(&test, *agency),
            Operation::RemoveServiceTokens => remove_service_tokens(&test),
            Operation::Wait => test.pass_seconds(60),
            Operation::Reopen => return restart(test, TestRegistry::reopen),
            Operation::Kill => return restart(test, TestRegistry::kill),
        }
        test
    }

    fn create_agency(&mut self, test: &TestRegistry, number: u8) {
        let id = agency(&format!("agency-{number}"));
        let new = NewAgency {
            id: id.clone(),
            name: "An agency".to_owned(),
        };
        let made = test.registry.create_agency(&Actor::OPERATOR, new).is_ok();
        assert_eq!(made, self.agencies.insert(id));
    }

    fn revoke(&mut self, test: &TestRegistry, id: u8) {
        let revoked = test
            .registry
            .revoke_device(&Actor::OPERATOR, &device(&name(id)));
        let entry = self.devices.get_mut(&name(id));
        assert_eq!(revoked.is_ok(), entry.is_some());
        if let Some((_, status)) = entry {
            *status = DeviceStatus::Revoked;
        }
    }

    /// Whether it may go is for `check` to see, afterwards.
    fn transfer(&self, test: &TestRegistry, id: u8, to: u8) {
        let to = agency(&format!("agency-{to}"));
        let snapshot = test.registry.snapshot();
        let Some(standing) = snapshot.device(&name(id)) else {
            return;
        };
        let transfer = Transfer {
            from: standing.agency.clone(),
            to: to.clone(),
            credentials: OldCredentials::End,
        };
        let transferred = test
            .registry
            .transfer_device(&Actor::OPERATOR, &standing.id, &transfer);
        if let Ok(device) = transferred {
            assert_eq!(device.agency, to);
            assert!(self.agencies.contains(&to));
        }
    }

    fn replace(&mut self, test: &TestRegistry, id: u8, by: u8) {
        let new = Replacement {
            id: device(&name(by)),
            model: None,
            alias: None,
            name: None,
            keys: Vec::new(),
            expires: None,
        };
        let replaced = test
            .registry
            .replace_device(&Actor::OPERATOR, &device(&name(id)), new);
        if let Ok(device) = replaced {
            let (thing, status) = self.devices.get_mut(&name(id)).unwrap();
            *status = DeviceStatus::Revoked;
            let entry = (thing.clone(), DeviceStatus::Active);
            assert_eq!(device.thing.as_str(), entry.0);
            assert_eq!(self.devices.insert(name(by), entry), None);
        }
    }

    fn decommission(&mut self, test: &TestRegistry, id: u8) {
        let ended = test
            .registry
            .decommission_device(&Actor::OPERATOR, &device(&name(id)));
        let entry = self.devices.get_mut(&name(id));
        assert_eq!(ended.is_ok(), entry.is_some());
        if let (Some((_, status)), Ok(device)) = (entry, ended) {
            assert!(device.credentials.is_empty());
            *status = DeviceStatus::Revoked;
        }
    }

    fn add_key(&self, test: &TestRegistry, id: u8, seed: u8) {
        let key = DeviceKey::ed25519(seed).public();
        let added = test
            .registry
            .add_key(&Actor::OPERATOR, &device(&name(id)), &key);
        assert!(added.is_err() || self.is_active(id));
    }

    fn make_password(&self, test: &TestRegistry, id: u8) {
        let terms = PasswordTerms::default();
        let made = test
            .registry
            .make_password(&Actor::OPERATOR, &device(&name(id)), terms);
        assert!(made.is_err() || self.is_active(id));
    }

    fn erase(&mut self, test: &TestRegistry, number: u8) {
        let name = boundary(number);
        let erased = test.registry.remove_boundary(&Actor::OPERATOR, &name);
        assert_eq!(erased.is_ok(), self.boundaries.remove(&name).is_some());
    }

    fn create_application(&mut self, test: &TestRegistry) {
        let new = NewApplication {
            name: "An application".to_owned(),
            contact: "dev@example.org".to_owned(),
        };
        let created = test.registry.create_application(&Actor::OPERATOR, new);
        self.applications
            .push(created.unwrap().application.id.clone());
    }

    fn make_and_use_key(&self, test: &TestRegistry) {
        let Some(id) = self.applications.last() else {
            return;
        };
        let registry = &test.registry;
        let made = registry.create_key(&Actor::OPERATOR, id, NewApiKey::secret());
        if let Ok(key) = made {
            registry.authenticate_api_key(&key.text).unwrap();
            registry.flush_last_uses().unwrap();
        }
    }

    fn revoke_keys(&self, test: &TestRegistry) {
        let Some(id) = self.applications.first() else {
            return;
        };
        let snapshot = test.registry.snapshot();
        for key in snapshot.keys_of(id) {
            test.registry
                .revoke_key(&Actor::OPERATOR, id, &key.id)
                .unwrap();
        }
    }

    pub(super) fn keep(&mut self, test: &TestRegistry, agency: &AgencyId, days: Option<u32>) {
        let parking = crate::harness::model("traffic.parking");
        let patch = AgencyPatch {
            retention_days: [(parking, days)].into(),
        };
        let kept = test
            .registry
            .patch_agency(&Actor::OPERATOR, agency, &patch)
            .is_ok();
        assert_eq!(kept, self.agencies.contains(agency));
        match days {
            Some(days) if kept => self.retentions.insert(agency.clone(), days),
            _ => self.retentions.remove(agency),
        };
    }

    pub(super) fn draw(&mut self, test: &TestRegistry, name: u8, west: u8) {
        let lon = f64::from(west) + 0.123_456_7;
        let ring = [(lon, 1.0), (lon + 1.0, 2.0), (lon, 3.0), (lon, 1.0)];
        let new = NewBoundary {
            name: boundary(name),
            title_en: "A corner".to_owned(),
            title_ko: "모퉁이".to_owned(),
            geometry: GeoJson::Polygon(vec![ring.map(|(lon, lat)| vec![lon, lat]).to_vec()]),
        };
        let put = test.registry.put_boundary(&Actor::OPERATOR, new).unwrap();
        let before = self.boundaries.insert(boundary(name), west);
        assert_eq!(put.replaced, before.is_some());
    }

    pub(super) fn register(
        &mut self,
        test: &TestRegistry,
        id: u8,
        owner: u8,
        takes_over: Option<u8>,
    ) {
        let mut new = new_device(&name(id));
        new.agency = agency(&format!("agency-{owner}"));
        new.thing = takes_over.map(|id| ThingId::new(name(id)).unwrap());
        new.location = id.is_multiple_of(2).then(|| place(36.0, 127.0));
        let made = test.registry.register_device(&Actor::OPERATOR, new);
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

    pub(super) fn patch(&self, test: &TestRegistry, id: u8, patch: DevicePatch) {
        let patched = test
            .registry
            .patch_device(&Actor::OPERATOR, &device(&name(id)), patch);
        assert_eq!(patched.is_ok(), self.devices.contains_key(&name(id)));
    }

    pub(super) fn is_active(&self, id: u8) -> bool {
        matches!(self.devices.get(&name(id)), Some((_, DeviceStatus::Active)))
    }
}

fn remove_first_credential(test: &TestRegistry, id: u8) {
    let snapshot = test.registry.snapshot();
    let device = snapshot.device(&name(id));
    if let Some(first) = device.and_then(|device| device.credentials.first()) {
        test.registry
            .remove_credential(
                &Actor::OPERATOR,
                &crate::harness::device(&name(id)),
                first.id,
            )
            .unwrap();
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
        .add_model(&Actor::OPERATOR, json.to_string().as_bytes())
        .unwrap();
}
