//! `firmware-sim fleet`

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use domain::{AgencyId, DeviceId};
use firmware_sim::fleet::{self, Faults, FleetConfig, Login, PlannedDevice, SimulatedDevice};
use firmware_sim::registration::{Platform, key_of, new_device};
use firmware_sim::signal::World;

use super::Identity;

#[derive(Args, Debug)]
pub(crate) struct FleetArguments {
    /// Sensors of an invented city, over all models
    #[arg(long, value_name = "N", default_value_t = 300)]
    devices: usize,
    /// The broker
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:1883")]
    mqtt: SocketAddr,
    /// A CoAP server: ten percent of the devices speak to it
    #[arg(long, value_name = "ADDR")]
    coap: Option<SocketAddr>,
    #[command(flatten)]
    identity: Identity,
    /// The agency that owns all devices [default: gaon and neoul]
    #[arg(long, value_name = "ID")]
    agency: Option<AgencyId>,
    /// Put before each device's id
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    /// What all chance follows from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds between two messages of a device
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    interval: u32,
    /// No drifting clocks, broken links, reboots and sensor faults
    #[arg(long)]
    no_faults: bool,
    /// Stop after so many seconds [default: at Ctrl-C]
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
}

pub(crate) fn run(arguments: &FleetArguments) -> anyhow::Result<ExitCode> {
    let platform = arguments.identity.platform()?;
    let secret = format!("firmware-sim fleet {}", arguments.seed);
    let mut plan = fleet::plan(arguments.seed, arguments.devices);
    for planned in &mut plan {
        planned.id = DeviceId::new(format!("{}{}", arguments.prefix, planned.id))?;
        if let Some(agency) = &arguments.agency {
            planned.agency = agency.clone();
        }
    }
    if let Some(platform) = &platform {
        register(platform, &plan, &secret)?;
    }
    let devices = plan
        .into_iter()
        .map(|planned| SimulatedDevice {
            key: key_of(&secret, &planned.id),
            planned,
        })
        .collect();
    let usual = FleetConfig::demo(
        World::calm(arguments.seed),
        arguments.mqtt,
        arguments.coap,
        devices,
    );
    let config = FleetConfig {
        interval: Duration::from_secs(u64::from(arguments.interval.max(1))),
        // Only a signed message says over CoAP who sent it.
        coap: arguments.coap.filter(|_| platform.is_some()),
        login: if platform.is_some() {
            Login::Key
        } else {
            Login::Anonymous
        },
        platform: platform.as_ref().map(|platform| platform.receipt_key),
        audience: platform.map_or_else(|| usual.audience.clone(), |platform| platform.audience),
        faults: if arguments.no_faults {
            Faults::None
        } else {
            Faults::Usual
        },
        ..usual
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(fleet::run(config, stop(arguments.seconds)))?;
    println!(
        "{} messages made, {} acknowledged, {} given up; {} connections, {} refusals",
        report.made, report.acknowledged, report.lost, report.connected, report.refused
    );
    if report.acknowledged == 0 {
        eprintln!(
            "firmware-sim: nothing was acknowledged: is there a broker at {}, and does it let these devices in?",
            arguments.mqtt
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

async fn stop(seconds: Option<u64>) {
    let interrupted = async {
        // Without a signal handler only the time ends the run.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    match seconds {
        None => interrupted.await,
        Some(seconds) => tokio::select! {
            () = interrupted => {}
            () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
        },
    }
}

fn register(platform: &Platform, plan: &[PlannedDevice], secret: &str) -> anyhow::Result<()> {
    let agencies: BTreeSet<&AgencyId> = plan.iter().map(|planned| &planned.agency).collect();
    for agency in agencies {
        platform.agency(agency, agency.as_str())?;
    }
    let devices: Vec<_> = plan
        .iter()
        .map(|planned| {
            let place = (planned.location.lat(), planned.location.lon());
            let key = key_of(secret, &planned.id);
            sdk::api::NewDevice {
                name: Some(planned.name.clone()),
                ..new_device(
                    planned.id.clone(),
                    planned.agency.clone(),
                    planned.model.clone(),
                    &key,
                    Some(place),
                )
            }
        })
        .collect();
    platform.devices(&devices)
}
