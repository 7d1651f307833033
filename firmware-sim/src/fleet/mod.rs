//! A fleet of simulated devices over real sockets: MQTT through `rumqttc`, as
//! other people's devices would, and for a share of them CoAP with signed
//! messages. Clocks drift, links break, devices boot again, and what could not
//! be sent is kept and sent later.
//!
//! - [`city`]: the invented city that they stand in
//! - [`plan()`]: which devices, where
//! - [`past`]: what they measured before they were there
//! - [`run()`]: all of them, until told to stop

pub mod city;
mod coap;
mod device;
mod mqtt;
pub mod past;
mod plan;
mod readings;
mod report;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use domain::{AgencyId, DeviceId, Location, ModelId};
use sdk::{DeviceKey, PublicKey};
use tokio::sync::watch;
use tokio::task::LocalSet;

pub use plan::{AGENCIES, plan};
pub use report::FleetReport;

use crate::signal::{Site, World};

/// A device as planned: what its registration needs, and its part in the world.
#[derive(Clone, PartialEq, Debug)]
pub struct PlannedDevice {
    pub id: DeviceId,
    pub agency: AgencyId,
    pub model: ModelId,
    /// English and Korean, as `Mulbit Car park 3 · 물빛구 주차장 3`.
    pub name: String,
    pub location: Location,
    /// What its own share of chance follows from.
    pub hash: u64,
    pub site: Site,
}

/// A device with the key that it was registered with.
#[derive(Clone, Debug)]
pub struct SimulatedDevice {
    pub planned: PlannedDevice,
    pub key: DeviceKey,
}

/// How the devices prove themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Login {
    /// A JWT by the device's key, and over CoAP a signed message.
    Key,
    /// Nothing, for a broker that asks for nothing; MQTT only.
    Anonymous,
}

/// How much goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Faults {
    None,
    /// Links break some times a day, devices boot again, clocks drift by
    /// seconds, sensors freeze and spike.
    Usual,
}

/// What a fleet needs to know.
#[derive(Clone, Debug)]
pub struct FleetConfig {
    pub mqtt: SocketAddr,
    /// `None`: all devices speak MQTT.
    pub coap: Option<SocketAddr>,
    /// Of a hundred devices, so many speak CoAP, where there is a door for it.
    pub coap_percent: u32,
    pub devices: Vec<SimulatedDevice>,
    /// Each device publishes about this often.
    pub interval: Duration,
    pub world: World,
    pub audience: String,
    /// With it, CoAP devices keep a message until its receipt verifies;
    /// without it a 2.04 is enough.
    pub platform: Option<PublicKey>,
    pub login: Login,
    pub faults: Faults,
}

impl FleetConfig {
    /// As `madang demo` runs it.
    pub fn demo(
        world: World,
        mqtt: SocketAddr,
        coap: impl Into<Option<SocketAddr>>,
        devices: Vec<SimulatedDevice>,
    ) -> Self {
        Self {
            mqtt,
            coap: coap.into(),
            coap_percent: 10,
            devices,
            interval: Duration::from_secs(5),
            world,
            audience: "madang".to_owned(),
            platform: None,
            login: Login::Key,
            faults: Faults::Usual,
        }
    }
}

/// Runs every device of `config` until `shutdown` resolves, then ends the
/// connections in order. Devices are tasks of the calling thread.
pub async fn run(
    config: FleetConfig,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<FleetReport> {
    anyhow::ensure!(
        !config.devices.is_empty(),
        "a fleet needs at least one device"
    );
    let config = Rc::new(config);
    let report = Rc::new(report::Counters::default());
    let (stop, stopped) = watch::channel(false);
    let tasks = LocalSet::new();
    let handles: Vec<_> = (0..config.devices.len())
        .map(|at| {
            let (config, report) = (Rc::clone(&config), Rc::clone(&report));
            tasks.spawn_local(one_device(config, at, report, stopped.clone()))
        })
        .collect();
    tasks
        .run_until(async move {
            shutdown.await;
            let _ = stop.send(true);
            for handle in handles {
                // A device that panicked must not hide the others' end.
                let _ = handle.await;
            }
        })
        .await;
    Ok(report.sum())
}

async fn one_device(
    config: Rc<FleetConfig>,
    at: usize,
    report: Rc<report::Counters>,
    stopped: watch::Receiver<bool>,
) {
    let simulated = &config.devices[at];
    let device = device::Device::new(&simulated.planned, &config);
    match config.coap {
        Some(door) if simulated.planned.hash / 7 % 100 < u64::from(config.coap_percent) => {
            coap::run(&config, simulated, door, device, &report, stopped).await;
        }
        _ => mqtt::run(&config, simulated, device, &report, stopped).await,
    }
}
