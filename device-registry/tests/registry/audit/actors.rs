//! Each change tells who made it.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::ControlFlow;
use std::sync::Arc;

use device_registry::{
    Actor, AgencyPatch, Changed, DevicePatch, ImportRow, ImportTerms, Means, NewAgency, NewApiKey,
    NewApplication, Who,
};
use parking_lot::Mutex;

use crate::harness::{TestRegistry, agency, device, extra_datastream, new_device};

/// The actors of the changes since, in order, and that changes were counted
/// one by one.
#[derive(Clone, Default)]
struct Actors(Arc<Mutex<Vec<(Actor, u64)>>>);

impl Actors {
    fn of(test: &TestRegistry) -> Self {
        let actors = Self::default();
        let told = actors.clone();
        test.registry.on_durable(move |Changed { actor, mark }| {
            told.0.lock().push((actor.clone(), mark.changes));
        });
        actors
    }

    fn take(&self) -> Vec<Actor> {
        let changes = std::mem::take(&mut *self.0.lock());
        assert!(changes.windows(2).all(|two| two[0].1 + 1 == two[1].1));
        changes.into_iter().map(|(actor, _)| actor).collect()
    }
}

#[test]
fn a_change_tells_who_made_it() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    let actors = Actors::of(&test);

    registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    assert_eq!(actors.take(), [Actor::OPERATOR]);

    extra_datastream(registry, &device("lot-1"), "snow").unwrap();
    assert_eq!(actors.take(), [Actor::DEVICES]);

    let new = NewApplication {
        name: "Rain map".to_owned(),
        contact: "dev@example.org".to_owned(),
    };
    let anybody = Actor {
        who: Who::Anonymous,
        address: Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9))),
        means: Means::NoProof,
    };
    let made = registry.create_application(&anybody, new).unwrap();
    let developer = Actor {
        who: Who::Application(made.application.id.clone()),
        means: Means::ApiKey(made.key.key.id.clone()),
        address: anybody.address,
    };
    assert_eq!(
        anybody.to_string(),
        "anonymous by no-proof from 203.0.113.9"
    );
    registry
        .create_key(&developer, &made.application.id, NewApiKey::secret())
        .unwrap();
    registry
        .revoke_key(&developer, &made.application.id, &made.key.key.id)
        .unwrap();
    assert_eq!(actors.take(), [anybody, developer.clone(), developer]);

    test.pass_seconds(60);
    let key = registry.create_key(&Actor::OPERATOR, &made.application.id, NewApiKey::secret());
    registry.authenticate_api_key(&key.unwrap().text).unwrap();
    registry.flush_last_uses().unwrap();
    assert_eq!(actors.take(), [Actor::OPERATOR, Actor::CLOCK]);
}

#[test]
fn what_changes_nothing_tells_nobody() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    let actors = Actors::of(&test);
    let again = NewAgency {
        id: agency("seoul"),
        name: "서울특별시".to_owned(),
    };
    registry.create_agency(&Actor::OPERATOR, again).unwrap_err();
    let rows = [ImportRow {
        line: 1,
        device: Ok(new_device("lot-2")),
    }];
    registry
        .import_devices(&Actor::OPERATOR, rows, ImportTerms::DRY_RUN, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    registry.flush_last_uses().unwrap();
    let nothing = DevicePatch::default();
    registry
        .patch_device(&Actor::OPERATOR, &device("lot-1"), nothing)
        .unwrap();
    let nothing = AgencyPatch::default();
    registry
        .patch_agency(&Actor::OPERATOR, &agency("seoul"), &nothing)
        .unwrap();
    registry
        .revoke_device(&Actor::OPERATOR, &device("lot-1"))
        .unwrap();
    registry
        .revoke_device(&Actor::OPERATOR, &device("lot-1"))
        .unwrap();
    assert_eq!(
        actors.take(),
        [Actor::OPERATOR],
        "the first revocation alone"
    );
}
