//! The demo's agencies, sensors and developer, made through the open API.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use domain::{AgencyId, DeviceId};
use firmware_sim::fleet::{self, FleetConfig, PlannedDevice, SimulatedDevice};
use sdk::api::{
    ApiClient, ApiCredential, DeviceFilter, ImportMode, NewApplication, NewDevice, Position,
    PublicKeyDocument,
};
use sdk::{DeviceKey, PublicKey};
use tokio::sync::oneshot;

use super::{Doors, private_file};

/// The fleet is the same at every start.
const SEED: u64 = 20_200_806;
const AGENCIES: [(&str, &str); 2] = [
    ("seoul", "서울특별시 · Seoul"),
    (
        "hanriver",
        "한강홍수통제소 · Han River Flood Control Office",
    ),
];

/// Everything that the demo shows and runs.
pub(super) struct Population {
    pub(super) operator: String,
    pub(super) key: String,
    /// The platform's: CoAP devices keep a message until its receipt verifies.
    pub(super) receipts: PublicKey,
    pub(super) devices: Vec<SimulatedDevice>,
}

/// Makes what is not there yet; a second start finds it all.
pub(super) fn settle(doors: &Doors, data: &Path, count: u32) -> anyhow::Result<Population> {
    let token = std::fs::read_to_string(data.join("admin.token"))
        .context("the operator's token of the demo")?;
    let operator = token.trim().to_owned();
    let url = format!("http://{}", doors.http);
    let api = ApiClient::connect(&url, ApiCredential::Bearer(operator.clone()))?;

    for (id, name) in AGENCIES {
        match api.create_agency(&AgencyId::new(id)?, name) {
            Ok(_) => {}
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let seed = secret(data, "demo.seed", || {
        Ok(DeviceKey::generate()?.seed_base64url())
    })?;
    let root = DeviceKey::from_seed_base64url(&seed)?;
    let plan = fleet::plan(SEED, count as usize);
    register(&api, &root, &plan)?;
    let key = secret(data, "demo.key", || {
        let application = NewApplication {
            name: "Madang demo".to_owned(),
            contact: "demo@localhost".to_owned(),
        };
        let anonymous = ApiClient::connect(&url, ApiCredential::None)?;
        Ok(anonymous.create_application(&application)?.key.key)
    })?;
    let devices = plan
        .into_iter()
        .map(|planned| {
            let key = device_key(&root, &planned.id);
            SimulatedDevice { planned, key }
        })
        .collect();
    Ok(Population {
        operator,
        key,
        receipts: api.platform()?.receipt_key()?,
        devices,
    })
}

fn register(api: &ApiClient, root: &DeviceKey, plan: &[PlannedDevice]) -> anyhow::Result<()> {
    let known: std::collections::HashSet<String> = api
        .devices(&DeviceFilter::default())
        .map(|device| device.map(|device| device.id))
        .collect::<Result<_, _>>()?;
    let missing: Vec<NewDevice> = plan
        .iter()
        .filter(|planned| !known.contains(planned.id.as_str()))
        .map(|planned| NewDevice {
            name: Some(planned.name.clone()),
            location: Some(Position {
                lat: planned.location.lat(),
                lon: planned.location.lon(),
            }),
            keys: vec![PublicKeyDocument::from(
                device_key(root, &planned.id).public_key(),
            )],
            visibility: Some("public".to_owned()),
            licence: Some("KOGL-1".to_owned()),
            attribution: Some("Madang demo, simulated".to_owned()),
            ..NewDevice::new(
                planned.id.clone(),
                planned.agency.clone(),
                planned.model.clone(),
            )
        })
        .collect();
    if !missing.is_empty() {
        let report = api.import_devices(missing.iter(), ImportMode::Apply)?;
        anyhow::ensure!(
            report.errors.is_empty(),
            "the demo's devices were refused: {:?}",
            report.errors.first()
        );
    }
    Ok(())
}

/// Each device's key follows from the demo's secret and its id, so that one
/// file is all that has to be kept.
fn device_key(root: &DeviceKey, id: &DeviceId) -> DeviceKey {
    let signature = root.sign(id.as_str().as_bytes());
    let mut seed = [0; 32];
    seed.copy_from_slice(&signature[..32]);
    DeviceKey::from_seed(&seed)
}

/// A text of the data folder that only its owner reads; made at the first start.
fn secret(
    data: &Path,
    name: &str,
    make: impl FnOnce() -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    let path = private_file(data, name);
    if let Ok(text) = std::fs::read_to_string(&path) {
        return Ok(text.trim().to_owned());
    }
    let text = make()?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(text)
}

/// The simulated sensors, in a thread with a runtime of its own: they are
/// clients, and share nothing with the server but the sockets.
pub(super) struct Fleet {
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Fleet {
    pub(super) fn start(doors: &Doors, population: &Population) -> Self {
        let config = FleetConfig {
            platform: Some(population.receipts),
            ..FleetConfig::demo(SEED, doors.mqtt, doors.coap, population.devices.clone())
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
                runtime.block_on(fleet::run(config, async {
                    let _ = stopped.await;
                }))
            });
            if let Err(error) = outcome {
                tracing::error!(%error, "the simulated sensors have stopped");
            }
        });
        Self { stop, thread }
    }

    pub(super) fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}
