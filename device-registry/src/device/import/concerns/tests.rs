//! A change that is about none of the rows does not have them tried again, and one
//! that is about one of them does.

use domain::{AgencyId, DeviceId, ModelId, ThingId, Timestamp};

use super::Concerns;
use crate::device::import::row::Row;
use crate::device::import::staged::ComingDevices;
use crate::device::new_device::Checked;
use crate::{
    Actor, AgencyPatch, DevicePatch, ExtraDatastream, NewAgency, NewClaim, NewDevice, Registry,
};

const ALIAS: &str = "00:1b:44:11:3a:b7";

fn id(text: &str) -> DeviceId {
    DeviceId::new(text).unwrap()
}

fn new(text: &str) -> NewDevice {
    let agency = AgencyId::new("seoul").unwrap();
    NewDevice::new(id(text), agency, ModelId::new("traffic.parking").unwrap())
}

struct Tried {
    registry: Registry,
    coming: ComingDevices,
    concerns: Concerns,
    _folder: tempfile::TempDir,
}

impl Tried {
    /// One row for a device of its own, with an alias, one with a gateway, one on a
    /// thing that stands, and one for a device that stands.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = || Timestamp::from_micros(1_700_000_000_000_000);
        let registry = Registry::open(folder.path(), now).unwrap();
        let agency = NewAgency {
            id: AgencyId::new("seoul").unwrap(),
            name: "Seoul".to_owned(),
        };
        registry.create_agency(&Actor::OPERATOR, agency).unwrap();
        for standing in ["gateway", "pole", "stands", "other"] {
            let standing = new(standing);
            registry
                .register_device(&Actor::OPERATOR, standing)
                .unwrap();
        }
        let (mut coming, mut concerns) = (ComingDevices::default(), Concerns::default());
        let rows = [
            NewDevice {
                alias: Some(ALIAS.to_owned()),
                ..new("alone")
            },
            NewDevice {
                gateway: Some(id("gateway")),
                ..new("child")
            },
            NewDevice {
                thing: Some(ThingId::new("pole").unwrap()),
                ..new("second")
            },
            new("stands"),
        ];
        for (line, row) in (1..).zip(rows) {
            let device = Checked::new(row).unwrap();
            let row = Row { line, device };
            coming.add(&row);
            concerns.add(&row);
        }
        Self {
            registry,
            coming,
            concerns,
            _folder: folder,
        }
    }

    fn are_touched_by(&self, change: impl FnOnce(&Registry)) -> bool {
        let before = self.registry.snapshot();
        change(&self.registry);
        let after = self.registry.snapshot();
        assert!(before != after, "it is a change");
        self.concerns.are_touched(&self.coming, &before, &after)
    }
}

fn register(new: NewDevice) -> impl FnOnce(&Registry) {
    move |registry| drop(registry.register_device(&Actor::OPERATOR, new).unwrap())
}

fn rename(device: &str) -> impl FnOnce(&Registry) {
    let patch = DevicePatch {
        name: Some("Elsewhere".to_owned()),
        ..DevicePatch::default()
    };
    move |registry| {
        let renamed = registry.patch_device(&Actor::OPERATOR, &id(device), patch);
        drop(renamed.unwrap());
    }
}

fn revoke(device: &str) -> impl FnOnce(&Registry) {
    move |registry| {
        let revoked = registry.revoke_device(&Actor::OPERATOR, &id(device));
        drop(revoked.unwrap());
    }
}

#[test]
fn what_is_about_none_of_the_rows_does_not_touch_them() {
    let tried = Tried::new();
    assert!(!tried.are_touched_by(register(new("elsewhere"))));
    assert!(!tried.are_touched_by(rename("other")));
    assert!(!tried.are_touched_by(revoke("other")));
    // It is as good a gateway as before.
    assert!(!tried.are_touched_by(rename("gateway")));
    assert!(!tried.are_touched_by(|registry| {
        let sent = registry.extra_datastream(&id("gateway"), "new");
        let ExtraDatastream::New(sent) = sent.unwrap() else {
            panic!("the field is new");
        };
        drop(registry.make_extra_datastreams([&sent]).unwrap());
    }));
}

#[test]
fn what_is_about_one_of_them_touches_them() {
    let claim = NewClaim {
        agency: AgencyId::new("seoul").unwrap(),
        model: ModelId::new("traffic.parking").unwrap(),
        device: Some(id("alone")),
        note: String::new(),
        expires: Timestamp::from_micros(1_700_000_060_000_000),
    };
    assert!(Tried::new().are_touched_by(|registry| {
        drop(registry.create_claim(&Actor::OPERATOR, claim).unwrap());
    }));
    assert!(Tried::new().are_touched_by(register(new("alone"))));
    assert!(Tried::new().are_touched_by(register(NewDevice {
        alias: Some(ALIAS.to_owned()),
        ..new("elsewhere")
    })));
    // A gateway has none itself: its row may name one.
    assert!(Tried::new().are_touched_by(register(NewDevice {
        gateway: Some(id("stands")),
        ..new("elsewhere")
    })));
    assert!(Tried::new().are_touched_by(revoke("gateway")));
    assert!(Tried::new().are_touched_by(revoke("pole")));
    assert!(Tried::new().are_touched_by(register(NewDevice {
        thing: Some(ThingId::new("pole").unwrap()),
        ..new("elsewhere")
    })));
    assert!(Tried::new().are_touched_by(|registry| {
        let agency = AgencyId::new("seoul").unwrap();
        let parking = ModelId::new("traffic.parking").unwrap();
        let patch = AgencyPatch {
            retention_days: [(parking, Some(30))].into(),
        };
        let patched = registry.patch_agency(&Actor::OPERATOR, &agency, &patch);
        drop(patched.unwrap());
    }));
}
