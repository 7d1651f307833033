//! The devices of a run: registered through the open API where the broker
//! lets in only those that it knows, with a key and a token for each. All of
//! it is done before a clock starts.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use domain::{AgencyId, DeviceId, ModelId};
use sdk::api::NewApplication;

use super::config::Devices;
use crate::clock::now;
use crate::registration::{anonymous, key_of, new_device};
use crate::wire::Login;

const MODEL: &str = "traffic.flow";

/// Which devices a run has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Roster {
    /// New ones under a name of their own, so that runs on one data folder
    /// stay apart.
    New,
    /// New ones, or those that an earlier run registered, under this name.
    Named(String),
    /// Those that an earlier run registered under this name: this run sends
    /// no request to the API, after which the server would keep memory.
    Earlier(String),
}

/// By the microsecond, the process and the run within it: two runs that begin
/// together on one platform have devices of their own.
fn new_name() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let (micros, process) = (now().as_micros(), std::process::id());
    format!("load-{micros:x}-{process:x}-{run:x}")
}

/// Devices that may log in.
pub(super) struct Enrolled {
    pub(super) agency: AgencyId,
    pub(super) ids: Vec<DeviceId>,
    /// One for each of `ids`.
    pub(super) logins: Vec<Login>,
}

impl Enrolled {
    pub(super) fn make(devices: &Devices, roster: &Roster, count: u32) -> anyhow::Result<Self> {
        let name = match roster {
            Roster::New => new_name(),
            Roster::Named(name) | Roster::Earlier(name) => name.clone(),
        };
        let agency = AgencyId::new(&name).context("the name of a run is an agency's id")?;
        let ids = (0..count)
            .map(|n| DeviceId::new(format!("{name}-{n}")))
            .collect::<Result<Vec<_>, _>>()?;
        let logins = match devices {
            Devices::Anonymous => ids.iter().map(anonymous).collect(),
            Devices::Registered(platform) => {
                if !matches!(roster, Roster::Earlier(_)) {
                    platform.agency(&agency, "Load of firmware-sim")?;
                    let model = ModelId::new(MODEL)?;
                    let new = |id: &DeviceId| {
                        let key = key_of(&name, id);
                        new_device(id.clone(), agency.clone(), model.clone(), &key, None)
                    };
                    let devices: Vec<_> = ids.iter().map(new).collect();
                    platform.devices(&devices)?;
                }
                let login = |id| platform.login(id, &key_of(&name, id), now());
                ids.iter().map(login).collect()
            }
        };
        Ok(Self {
            agency,
            ids,
            logins,
        })
    }
}

/// Logins that may subscribe to what all devices send: of one application with
/// a key of its own, or of a broker's that asks for none.
pub(super) fn subscriber_logins(
    devices: &Devices,
    name: &str,
    count: u32,
) -> anyhow::Result<Vec<Login>> {
    let key = match devices {
        Devices::Anonymous => None,
        Devices::Registered(platform) => {
            let application = NewApplication {
                name: "firmware-sim load".to_owned(),
                contact: "load@localhost".to_owned(),
            };
            let application = platform.api.create_application(&application)?;
            Some(application.key.key)
        }
    };
    let login = |n| Login {
        client_id: format!("{name}-subscriber-{}-{n}", std::process::id()),
        credentials: key.clone().map(|key| ("load".to_owned(), key)),
    };
    Ok((0..count).map(login).collect())
}
