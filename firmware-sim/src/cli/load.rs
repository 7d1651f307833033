//! `firmware-sim load`: publishers, or a crowd (`--idle`, `--storm`).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use firmware_sim::load::crowd::idle::{self, IdleConfig};
use firmware_sim::load::crowd::road::{Road, Tls};
use firmware_sim::load::crowd::storm::{self, Outbreak, StormConfig};
use firmware_sim::load::{self, Devices, LoadConfig, Pace, Roster};
use firmware_sim::wire::Qos;
use serde::Serialize;

use super::Identity;

/// Where neither --inflight nor --rate is given.
const DEFAULT_IN_FLIGHT: usize = 100;

#[derive(Args, Debug)]
pub(crate) struct LoadArguments {
    /// The broker
    #[arg(long, value_name = "ADDR")]
    mqtt: SocketAddr,
    /// Publishers, each on a connection of its own; or the size of the crowd
    #[arg(long, value_name = "N", default_value_t = 1)]
    connections: u32,
    #[command(flatten)]
    identity: Identity,
    /// The broker's process, for its CPU time and memory
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    // Last, since their headings would hold for what follows.
    #[command(flatten)]
    publishing: Publishing,
    #[command(flatten)]
    crowd: Crowd,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Publishers")]
struct Publishing {
    /// Messages in all, spread evenly over the connections
    #[arg(long, value_name = "M", default_value_t = 100_000)]
    messages: u64,
    #[arg(long, value_name = "0|1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=2))]
    qos: u8,
    /// Messages in flight on each connection [default: 100]
    #[arg(long, value_name = "K", conflicts_with = "rate")]
    inflight: Option<usize>,
    /// Messages a second on each connection
    #[arg(long, value_name = "PER_SECOND", value_parser = positive)]
    rate: Option<f64>,
    /// Subscribers to everything
    #[arg(long, value_name = "S", default_value_t = 0)]
    subscribers: u32,
    /// Fields in each message, 1 to 3
    #[arg(long, value_name = "F", default_value_t = 1)]
    fields: usize,
    /// Threads of the publishers [default: 1 for one connection, else 2]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Do not read back what was sent
    #[arg(long)]
    no_read_back: bool,
}

const PUBLISHING: [&str; 8] = [
    "messages",
    "qos",
    "inflight",
    "rate",
    "subscribers",
    "fields",
    "threads",
    "no_read_back",
];

#[derive(Args, Debug)]
#[command(next_help_heading = "Crowds")]
struct Crowd {
    /// Connect as fast as it goes, then be silent: what an idle connection costs
    #[arg(long, group = "kind", conflicts_with_all = PUBLISHING)]
    idle: bool,
    /// Connect all at once, publish one message each, and try again until served
    #[arg(long, group = "kind", conflicts_with_all = PUBLISHING)]
    storm: bool,
    /// Connect first; the storm breaks when the server is restarted. Says
    /// `standing` on standard error when that may happen
    #[arg(long, requires = "storm", conflicts_with = "idle")]
    after_restart: bool,
    /// Who is not served so many seconds after the outbreak is given up
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 120,
        requires = "storm",
        conflicts_with = "idle"
    )]
    deadline: u64,
    /// Seconds between the last connection and the look at the memory
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        requires = "idle",
        conflicts_with = "storm"
    )]
    hold: u64,
    /// Each connection is an application's and subscribes to this before it is
    /// silent
    #[arg(
        long,
        value_name = "FILTER",
        requires = "idle",
        conflicts_with_all = ["storm", "name"]
    )]
    subscribe: Option<String>,
    /// Name of the run, and of the agency that owns its devices [default: a new one]
    #[arg(long, value_name = "ID", requires = "idle", conflicts_with = "storm")]
    name: Option<String>,
    /// An earlier run of this name has registered the devices: ask nothing of the API
    #[arg(long, requires = "name")]
    registered: bool,
    /// Speak TLS, and believe the certificates in this PEM file
    #[arg(long, value_name = "FILE", requires = "kind")]
    ca: Option<PathBuf>,
    /// The name on the server's certificate [default: the address of --mqtt]
    #[arg(long, value_name = "NAME", requires = "ca")]
    tls_name: Option<String>,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("a number above 0".to_owned()),
    }
}

pub(crate) fn run(arguments: &LoadArguments) -> anyhow::Result<ExitCode> {
    if arguments.crowd.idle {
        let report = idle::run(&arguments.idle()?)?;
        arguments.show(&report, report.is_sound())
    } else if arguments.crowd.storm {
        let report = storm::run(&arguments.storm()?)?;
        arguments.show(&report, report.is_sound())
    } else {
        let report = load::run(&arguments.load()?)?;
        arguments.show(&report, report.is_sound())
    }
}

impl LoadArguments {
    fn devices(&self) -> anyhow::Result<Devices> {
        Ok(match self.identity.platform()? {
            Some(platform) => Devices::Registered(Box::new(platform)),
            None => Devices::Anonymous,
        })
    }

    fn road(&self) -> anyhow::Result<Road> {
        let name = match &self.crowd.tls_name {
            Some(name) => name.clone(),
            None => self.mqtt.ip().to_string(),
        };
        let tls = match &self.crowd.ca {
            Some(ca) => Some(Tls::trusting(ca, &name)?),
            None => None,
        };
        Ok(Road {
            mqtt: self.mqtt,
            tls,
        })
    }

    fn idle(&self) -> anyhow::Result<IdleConfig> {
        let roster = match (&self.crowd.name, self.crowd.registered) {
            (None, _) => Roster::New,
            (Some(name), false) => Roster::Named(name.clone()),
            (Some(name), true) => Roster::Earlier(name.clone()),
        };
        Ok(IdleConfig {
            road: self.road()?,
            connections: self.connections,
            devices: self.devices()?,
            roster,
            subscribe: self.crowd.subscribe.clone(),
            hold: Duration::from_secs(self.crowd.hold),
            server_pid: self.server_pid,
        })
    }

    fn storm(&self) -> anyhow::Result<StormConfig> {
        let standing = || eprintln!("standing");
        Ok(StormConfig {
            road: self.road()?,
            connections: self.connections,
            devices: self.devices()?,
            outbreak: if self.crowd.after_restart {
                Outbreak::AfterRestart(Box::new(standing))
            } else {
                Outbreak::Now
            },
            deadline: Duration::from_secs(self.crowd.deadline),
            server_pid: self.server_pid,
        })
    }

    fn load(&self) -> anyhow::Result<LoadConfig> {
        let publishing = &self.publishing;
        let pace = match (publishing.rate, publishing.inflight) {
            (Some(rate), _) => Pace::PerSecond(rate),
            (None, window) => Pace::InFlight(window.unwrap_or(DEFAULT_IN_FLIGHT)),
        };
        Ok(LoadConfig {
            mqtt: self.mqtt,
            connections: self.connections,
            messages: publishing.messages,
            qos: Qos::from_number(publishing.qos).context("a QoS is 0, 1 or 2")?,
            pace,
            subscribers: publishing.subscribers,
            fields: publishing.fields,
            devices: self.devices()?,
            server_pid: self.server_pid,
            threads: publishing
                .threads
                .unwrap_or(if self.connections == 1 { 1 } else { 2 }),
            read_back: !publishing.no_read_back,
        })
    }

    fn show<R>(&self, report: &R, sound: bool) -> anyhow::Result<ExitCode>
    where
        R: Serialize + std::fmt::Display,
    {
        if self.json {
            println!("{}", serde_json::to_string(report)?);
        } else {
            print!("{report}");
        }
        Ok(if sound {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
