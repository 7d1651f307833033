//! `firmware-sim load`

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use firmware_sim::load::{self, Devices, LoadConfig, Pace};
use firmware_sim::wire::Qos;

use super::Identity;

/// Where neither --inflight nor --rate is given.
const DEFAULT_IN_FLIGHT: usize = 100;

#[derive(Args, Debug)]
pub(crate) struct LoadArguments {
    /// The broker
    #[arg(long, value_name = "ADDR")]
    mqtt: SocketAddr,
    /// Publishers, each on a connection of its own
    #[arg(long, value_name = "N", default_value_t = 1)]
    connections: u32,
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
    #[command(flatten)]
    identity: Identity,
    /// The broker's process, for its CPU time and memory
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// Threads of the publishers [default: 1 for one connection, else 2]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Do not read back what was sent
    #[arg(long)]
    no_read_back: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("a number above 0".to_owned()),
    }
}

pub(crate) fn run(arguments: &LoadArguments) -> anyhow::Result<ExitCode> {
    let pace = match (arguments.rate, arguments.inflight) {
        (Some(rate), _) => Pace::PerSecond(rate),
        (None, window) => Pace::InFlight(window.unwrap_or(DEFAULT_IN_FLIGHT)),
    };
    let report = load::run(&LoadConfig {
        mqtt: arguments.mqtt,
        connections: arguments.connections,
        messages: arguments.messages,
        qos: Qos::from_number(arguments.qos).context("a QoS is 0, 1 or 2")?,
        pace,
        subscribers: arguments.subscribers,
        fields: arguments.fields,
        devices: match arguments.identity.platform()? {
            Some(platform) => Devices::Registered(Box::new(platform)),
            None => Devices::Anonymous,
        },
        server_pid: arguments.server_pid,
        threads: arguments
            .threads
            .unwrap_or(if arguments.connections == 1 { 1 } else { 2 }),
        read_back: !arguments.no_read_back,
    })?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(if report.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
