//! `madang`: the open IoT common platform in one binary.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use platform::cli;
use platform::config::ServeArgs;

/// Madang, the open IoT common platform: sensors publish over MQTT and CoAP,
/// developers and operators read over HTTP.
#[derive(Parser)]
#[command(name = "madang", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the platform
    Serve(ServeArgs),
    /// Run the whole platform with two agencies and about 300 simulated sensors
    Demo(cli::demo::DemoArgs),
    /// Register devices, revoke them, watch why one does not connect
    #[command(subcommand)]
    Device(cli::device::DeviceCommand),
    /// Add and list agencies
    #[command(subcommand)]
    Agency(cli::agency::AgencyCommand),
    /// Make keys for applications of developers
    #[command(subcommand)]
    Key(cli::key::KeyCommand),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Serve(args) => cli::serve::run(args),
        Command::Demo(args) => cli::demo::run(args),
        Command::Device(command) => cli::report(cli::device::run(command)),
        Command::Agency(command) => cli::report(cli::agency::run(command)),
        Command::Key(command) => cli::report(cli::key::run(command)),
    }
}
