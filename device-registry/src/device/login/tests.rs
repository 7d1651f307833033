//! A pair read at two moments: a login is judged by one look at the registry,
//! and whatever changes after that look has to be seen at the next use.
//!
//! A login is taken apart here: the look comes first, then any changes, then
//! what was seen becomes a login. However they are mixed, a standing login says
//! what the newest snapshot says.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::{AgencyId, Assurance, CredentialId, DeviceId, ModelId, Timestamp};
use proptest::prelude::*;

use super::{DeviceLogin, NoLongerAdmitted};
use crate::{
    Actor, Credential, Device, DevicePatch, DeviceStatus, NewAgency, NewDevice, NotItsChild,
    PasswordTerms, Patch, Registry, Snapshot,
};

const GATEWAY: &str = "gw";
const CHILD: &str = "child";
const SECOND: i64 = 1_000_000;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody who logs in is looked up.
    Look,
    /// Who was looked up last, however long ago, is let in.
    LogIn,
    Revoke {
        child: bool,
    },
    /// Seconds from now; none: never.
    Expire {
        child: bool,
        seconds: Option<i64>,
    },
    /// One more credential, for so many seconds or for ever.
    Add {
        seconds: Option<i64>,
    },
    Remove {
        pick: usize,
    },
    /// The child gets another gateway, or this one again.
    Adopt(bool),
    Wait(i64),
    /// Something that takes nobody's right away.
    Other(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Look),
        4 => Just(Step::LogIn),
        1 => any::<bool>().prop_map(|child| Step::Revoke { child }),
        3 => (any::<bool>(), proptest::option::of(-2..5i64))
            .prop_map(|(child, seconds)| Step::Expire { child, seconds }),
        2 => proptest::option::of(-2..5i64).prop_map(|seconds| Step::Add { seconds }),
        2 => (0..3usize).prop_map(|pick| Step::Remove { pick }),
        2 => any::<bool>().prop_map(Step::Adopt),
        2 => (0..3i64).prop_map(Step::Wait),
        1 => any::<u32>().prop_map(Step::Other),
    ];
    prop::collection::vec(step, 1..24)
}

struct World {
    registry: Registry,
    clock: Arc<AtomicI64>,
    held: Option<Arc<Snapshot>>,
    logins: Vec<DeviceLogin>,
    /// What a connection remembers of the child's topic: the generation was
    /// read first, as the broker does for each batch.
    remembered: Option<(u64, bool)>,
    _folder: tempfile::TempDir,
}

fn id(text: &str) -> DeviceId {
    DeviceId::new(text).unwrap()
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(1_700_000_000 * SECOND));
        let now = Arc::clone(&clock);
        let registry = Registry::open(folder.path(), move || {
            Timestamp::from_micros(now.load(Ordering::Relaxed))
        })
        .unwrap();
        let agency = AgencyId::new("seoul").unwrap();
        let new = NewAgency {
            id: agency.clone(),
            name: "Seoul".to_owned(),
        };
        registry.create_agency(&Actor::OPERATOR, new).unwrap();
        let model = ModelId::new("safety.air").unwrap();
        for (name, gateway) in [(GATEWAY, None), ("other", None), (CHILD, Some(GATEWAY))] {
            let new = NewDevice {
                gateway: gateway.map(id),
                ..NewDevice::new(id(name), agency.clone(), model.clone())
            };
            registry.register_device(&Actor::OPERATOR, new).unwrap();
            registry
                .make_password(&Actor::OPERATOR, &id(name), PasswordTerms::default())
                .unwrap();
        }
        Self {
            registry,
            clock,
            held: None,
            logins: Vec::new(),
            remembered: None,
            _folder: folder,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.load(Ordering::Relaxed))
    }

    fn after(&self, seconds: i64) -> Timestamp {
        Timestamp::from_micros(self.now().as_micros() + seconds * SECOND)
    }

    fn device(&self, name: &str) -> Arc<Device> {
        Arc::clone(self.registry.snapshot().device(name).unwrap())
    }

    fn take(&mut self, step: Step) {
        let name = |child| if child { CHILD } else { GATEWAY };
        match step {
            Step::Look => self.held = Some(self.registry.snapshot()),
            Step::LogIn => self.log_in(),
            Step::Revoke { child } => {
                self.registry
                    .revoke_device(&Actor::OPERATOR, &id(name(child)))
                    .unwrap();
            }
            Step::Expire { child, seconds } => {
                let expires = seconds.map_or(Patch::Clear, |it| Patch::Set(self.after(it)));
                self.patch(
                    name(child),
                    DevicePatch {
                        expires,
                        ..DevicePatch::default()
                    },
                );
            }
            Step::Add { seconds } => {
                let expires = seconds.map(|it| self.after(it));
                let terms = PasswordTerms {
                    expires,
                    ..PasswordTerms::default()
                };
                // A fourth is refused, and a revoked device gets none.
                let _ = self
                    .registry
                    .make_password(&Actor::OPERATOR, &id(GATEWAY), terms);
            }
            Step::Remove { pick } => {
                let credentials = self.device(GATEWAY).credentials.clone();
                if let Some(it) = credentials.get(pick) {
                    self.registry
                        .remove_credential(&Actor::OPERATOR, &id(GATEWAY), it.id)
                        .unwrap();
                }
            }
            Step::Adopt(own) => {
                let gateway = id(if own { GATEWAY } else { "other" });
                let gateway = Patch::Set(gateway);
                self.patch(
                    CHILD,
                    DevicePatch {
                        gateway,
                        ..DevicePatch::default()
                    },
                );
            }
            Step::Wait(seconds) => {
                self.clock.fetch_add(seconds * SECOND, Ordering::Relaxed);
            }
            Step::Other(number) => {
                let agency = AgencyId::new("seoul").unwrap();
                let model = ModelId::new("safety.air").unwrap();
                let new = NewDevice::new(id(&format!("other-{number}")), agency, model);
                // It may be there already.
                let _ = self.registry.register_device(&Actor::OPERATOR, new);
            }
        }
    }

    fn patch(&self, name: &str, patch: DevicePatch) {
        // A revoked one takes no patch.
        let _ = self
            .registry
            .patch_device(&Actor::OPERATOR, &id(name), patch);
    }

    /// With each credential that was accepted when it was looked at.
    fn log_in(&mut self) {
        let Some(held) = self.held.clone() else {
            return;
        };
        let device = held.device(GATEWAY).unwrap();
        let fits = |it: &&Credential| !it.expired(self.now());
        let credentials: Vec<CredentialId> = device
            .credentials
            .iter()
            .filter(fits)
            .map(|it| it.id)
            .collect();
        if device.admitted(self.now()) {
            for credential in credentials {
                let (device, key) = (Arc::clone(device), Assurance::Key);
                self.logins
                    .push(DeviceLogin::new(&held, device, credential, key));
            }
        }
    }

    /// What one look at the newest snapshot says.
    fn truth(&self, credential: CredentialId) -> bool {
        let (device, now) = (self.device(GATEWAY), self.now());
        let has = |it: &Credential| it.id == credential && !it.expired(now);
        device.admitted(now) && device.credentials.iter().any(has)
    }

    fn check(&mut self) {
        let now = self.now();
        for login in &self.logins {
            let found = login.current(&self.registry, now);
            assert_eq!(
                found.is_ok(),
                self.truth(login.credential),
                "{:?}",
                found.err()
            );
            match login.lasts(&self.registry, now) {
                Ok(None) => assert!(found.is_ok() && self.device(GATEWAY).expires.is_none()),
                Ok(Some(span)) => assert!(span > Duration::ZERO),
                Err(NoLongerAdmitted::Revoked) => {
                    assert_eq!(self.device(GATEWAY).status, DeviceStatus::Revoked);
                }
                Err(NoLongerAdmitted::Expired(at) | NoLongerAdmitted::CredentialExpired(at)) => {
                    assert!(at <= now);
                }
                Err(NoLongerAdmitted::CredentialRemoved | NoLongerAdmitted::Unknown) => {
                    assert!(found.is_err());
                }
            }
        }
        self.check_child(now);
    }

    /// An answer of the same generation is still the answer, but for a right
    /// that has ended by itself.
    fn check_child(&mut self, now: Timestamp) {
        let snapshot = self.registry.snapshot();
        let fault = snapshot.admitted_child(&id(GATEWAY), CHILD, now).err();
        let ended = matches!(fault, Some(NotItsChild::Expired(_)));
        let generation = self.registry.generation();
        match self.remembered {
            Some((since, allowed)) if since == generation => {
                assert!(allowed == fault.is_none() || ended, "{fault:?}");
            }
            _ => self.remembered = Some((generation, fault.is_none())),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_standing_login_says_what_the_newest_snapshot_says(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
            world.check();
        }
    }
}

/// The race itself, in its order: looked up, revoked, let in.
#[test]
fn a_device_that_is_revoked_while_it_logs_in_is_out() {
    let mut world = World::new();
    world.take(Step::Look);
    world.take(Step::Revoke { child: false });
    let held = world.held.clone().unwrap();
    let device = Arc::clone(held.device(GATEWAY).unwrap());
    let credential = device.credentials[0].id;
    let login = DeviceLogin::new(&held, device, credential, Assurance::Key);
    let now = world.now();
    assert_eq!(
        login.current(&world.registry, now).err(),
        Some(NoLongerAdmitted::Revoked)
    );
    let lasts = login.lasts(&world.registry, now);
    assert_eq!(lasts.err(), Some(NoLongerAdmitted::Revoked));
}
