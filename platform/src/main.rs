//! `madang`: the open IoT common platform in one binary.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use platform::cli;
use platform::config::ServeFlags;

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
    Serve(Box<ServeFlags>),
    /// Run the whole platform with two agencies and about 300 simulated sensors
    Demo(cli::demo::DemoArgs),
    /// Register devices, revoke them, watch why one does not connect
    #[command(subcommand)]
    Device(cli::device::DeviceCommand),
    /// Add and list agencies
    #[command(subcommand)]
    Agency(cli::agency::AgencyCommand),
    /// Tell who changed what, and whether that is as it was written
    #[command(subcommand)]
    Audit(cli::audit::AuditCommand),
    /// Add people who log in, invite them, list and disable them
    #[command(subcommand)]
    Operator(cli::operator::OperatorCommand),
    /// Make keys for applications of developers
    #[command(subcommand)]
    Key(cli::key::KeyCommand),
    /// Copy everything while the platform runs, consistent with one offset
    Backup(cli::backup::BackupArgs),
    /// Make a data folder from a backup
    Restore(cli::restore::RestoreArgs),
    /// Tell what is wrong with a configuration, a data folder, a certificate or a backup
    Doctor(cli::doctor::DoctorArgs),
    /// Fetch a day of one domain and agency as CSV or Parquet
    Export(cli::export::ExportArgs),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !matches!(arguments.command, Command::Serve(_) | Command::Demo(_)) {
        // A command whose output nobody reads on (`| head`) ends quietly.
        sigpipe::reset();
    }
    match arguments.command {
        Command::Serve(flags) => cli::serve::run(*flags),
        Command::Demo(args) => cli::demo::run(args),
        Command::Device(command) => cli::report(cli::device::run(command)),
        Command::Agency(command) => cli::report(cli::agency::run(command)),
        Command::Audit(command) => cli::report(cli::audit::run(command)),
        Command::Operator(command) => cli::report(cli::operator::run(command)),
        Command::Key(command) => cli::report(cli::key::run(command)),
        Command::Backup(args) => cli::report(cli::backup::run(&args)),
        Command::Restore(args) => cli::report(cli::restore::run(&args)),
        Command::Doctor(args) => cli::doctor::run(&args),
        Command::Export(args) => cli::report(cli::export::run(args)),
    }
}
