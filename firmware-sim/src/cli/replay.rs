//! `firmware-sim replay`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use domain::Timestamp;
use firmware_sim::replay::recording::Span;
use firmware_sim::replay::{self, Replay, ReplayConfig};

use super::Identity;

#[derive(Args, Debug)]
pub(crate) struct ReplayArguments {
    /// A recording: device,time_rfc3339,metric,value,unit
    file: PathBuf,
    /// What its columns mean: han-river, aarhus-traffic, ... or a TOML file
    #[arg(long)]
    map: String,
    /// Seconds of the recording in one of ours; 0 is as fast as possible
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    speed: f64,
    /// The broker
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:1883")]
    mqtt: SocketAddr,
    #[command(flatten)]
    identity: Identity,
    /// Names and positions of the devices [default: devices.csv beside FILE]
    #[arg(long, value_name = "FILE")]
    devices: Option<PathBuf>,
    /// Write a line for each acknowledged message
    #[arg(long, value_name = "FILE")]
    acks: Option<PathBuf>,
    /// Read everything back and compare it value for value
    #[arg(long, requires = "register")]
    verify: bool,
    /// Leave out what was recorded before, as 2020-08-01T00:00:00+09:00
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    from: Option<Timestamp>,
    /// Leave out what was recorded then and later
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    to: Option<Timestamp>,
}

pub(crate) fn run(arguments: ReplayArguments) -> anyhow::Result<ExitCode> {
    let replay = replay::run(&ReplayConfig {
        platform: arguments.identity.platform()?,
        file: arguments.file,
        map: arguments.map,
        speed: arguments.speed,
        mqtt: arguments.mqtt,
        devices: arguments.devices,
        acks: arguments.acks,
        verify: arguments.verify,
        span: Span {
            from: arguments.from.unwrap_or(Span::ALL.from),
            to: arguments.to.unwrap_or(Span::ALL.to),
        },
    })?;
    print(&replay);
    Ok(if replay.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print(replay: &Replay) {
    let (recording, sent) = (&replay.recording, &replay.sent);
    println!("{}", replay.title);
    println!(
        "{} rows of {} devices in {} messages; {} acknowledged in {:.1} s, p99 {} us, {} reconnects",
        recording.rows,
        recording.devices.len(),
        recording.messages(),
        replay.acknowledged(),
        sent.seconds,
        sent.latency.quantile(0.99).unwrap_or_default(),
        sent.reconnects
    );
    if recording.unreadable > 0 {
        println!(
            "{} rows without a readable time or number, not sent",
            recording.unreadable
        );
    }
    if recording.ignored > 0 {
        println!(
            "{} rows of metrics that the map leaves out",
            recording.ignored
        );
    }
    for (metric, rows) in &recording.unmapped {
        println!(
            "NOT SENT: {rows} rows of {metric}: the map has no rule for this metric and unit; \
             add one, or name the metric in the map's ignore = [...]"
        );
    }
    if replay.acknowledged() == 0 {
        println!("NOTHING was sent");
    }
    for fault in &sent.faults {
        println!("given up: {fault}");
    }
    match &replay.comparison {
        None => println!("not read back"),
        Some(comparison) => {
            print!("{comparison}");
            let verdict = if comparison.is_complete() {
                "all equal"
            } else if replay.acknowledged() == 0 {
                "NOTHING to compare"
            } else {
                "NOT EQUAL"
            };
            println!("read back: {verdict}");
        }
    }
}
