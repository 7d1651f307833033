//! `firmware-sim`: simulated devices, recordings and load, against any MQTT
//! broker or CoAP server.
//!
//! Exit status: 0 where everything went as asked; 1 on a fault, or where not
//! everything was acknowledged or came back equal; 2 on bad arguments.

mod cli;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Simulated devices for Madang, or for any MQTT broker or CoAP server.
#[derive(Parser)]
#[command(name = "firmware-sim", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run many sensors with daily cycles, rain and faults
    Fleet(cli::fleet::FleetArguments),
    /// Send a recording again, and compare what comes back
    Replay(cli::replay::ReplayArguments),
    /// Measure a broker
    Load(cli::load::LoadArguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Fleet(arguments) => cli::fleet::run(&arguments),
        Command::Replay(arguments) => cli::replay::run(arguments),
        Command::Load(arguments) => cli::load::run(&arguments),
    };
    match done {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("firmware-sim: {fault:#}");
            ExitCode::FAILURE
        }
    }
}
