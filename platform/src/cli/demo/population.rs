//! The demo's agencies, districts, sensors and developer, made through the open
//! API, and the sensors' past, made through their own logins.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use domain::{AgencyId, BoundaryName, DeviceId};
use firmware_sim::fleet::past::{self, PastConfig};
use firmware_sim::fleet::{self, AGENCIES, PlannedDevice, SimulatedDevice, city};
use firmware_sim::signal::World;
use progress::{Progress, Unit};
use sdk::api::{
    ApiClient, ApiCredential, DeviceFilter, ImportMode, NewApplication, NewBoundary, NewDevice,
    Position, PublicKeyDocument,
};
use sdk::{DeviceKey, PublicKey};

use super::Endpoints;
use super::story::Story;

/// Between two readings of a device's past.
const PAST_STEP: Duration = Duration::from_secs(600);

/// Everything that the demo shows and runs.
pub(super) struct Population {
    pub(super) operator: String,
    pub(super) key: String,
    /// The platform's: CoAP devices keep a message until its receipt verifies.
    pub(super) receipts: PublicKey,
    pub(super) devices: Vec<SimulatedDevice>,
    pub(super) world: World,
    /// Of the past.
    pub(super) days: u32,
}

/// Makes what is not there yet; a second start finds it all.
pub(super) fn settle(
    endpoints: &Endpoints,
    data: &Path,
    count: u32,
    mut story: Story,
) -> anyhow::Result<Population> {
    let token = std::fs::read_to_string(data.join("admin.token"))
        .context("the operator's token of the demo")?;
    let operator = token.trim().to_owned();
    let url = format!("http://{}", endpoints.http);
    let api = ApiClient::connect(&url, ApiCredential::Bearer(operator.clone()))?;

    for (id, name) in AGENCIES {
        match api.create_agency(&AgencyId::new(id)?, name) {
            Ok(_) => {}
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
    for district in &city::gaon().districts {
        let name = BoundaryName::new(&district.id)?;
        api.put_boundary(
            &name,
            &NewBoundary::polygon(&district.en, &district.ko, &district.ring),
        )?;
    }
    let seed = secret(data, "demo.seed", || {
        Ok(DeviceKey::generate()?.seed_base64url())
    })?;
    let root = DeviceKey::from_seed_base64url(&seed)?;
    let plan = fleet::plan(story.seed(), count as usize);
    register(&api, &root, &plan)?;
    let key = secret(data, "demo.key", || {
        let application = NewApplication {
            name: "Madang demo".to_owned(),
            contact: "demo@localhost".to_owned(),
        };
        let anonymous = ApiClient::connect(&url, ApiCredential::None)?;
        Ok(anonymous.create_application(&application)?.key.key)
    })?;
    let devices: Vec<SimulatedDevice> = plan
        .into_iter()
        .map(|planned| {
            let key = device_key(&root, &planned.id);
            SimulatedDevice { planned, key }
        })
        .collect();
    let platform = api.platform()?;
    let receipts = platform.receipt_key()?;
    let world = story.world()?;
    if let Some((from, to)) = story.past()? {
        make_past(PastConfig {
            mqtt: endpoints.mqtt,
            devices: devices.clone(),
            world,
            audience: platform.audience,
            from,
            to,
            step: PAST_STEP,
        })?;
        story.past_is_made(data)?;
    }
    Ok(Population {
        operator,
        key,
        receipts,
        devices,
        world,
        days: story.days,
    })
}

fn make_past(past: PastConfig) -> anyhow::Result<()> {
    let progress = Progress::new(
        "making the sensors' past",
        Unit::Of("readings"),
        past.readings(),
    );
    let progress = Arc::new(progress);
    past::send(past, move |readings| progress.add(readings))
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
    let path = data.join(name);
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
