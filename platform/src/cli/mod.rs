//! The command line: one file a subcommand.

pub mod agency;
pub mod audit;
pub mod backup;
pub mod client;
mod copying;
pub mod demo;
pub mod device;
mod device_connection;
mod device_import;
mod device_lifecycle;
mod device_send;
mod device_watch;
pub mod doctor;
pub mod export;
pub mod key;
pub mod operator;
pub mod restore;
pub mod serve;

use std::io::Write;
use std::process::ExitCode;

use crate::observability::Logging;

/// Status 0, or 1 with one clear line.
pub fn report(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// The same of a command that runs with a log, which its last line goes to as
/// well: standard error may be read by nobody.
pub(crate) fn report_logged(command: impl FnOnce() -> anyhow::Result<()>) -> ExitCode {
    let logging = match Logging::start() {
        Ok(logging) => logging,
        Err(error) => return report(Err(error.into())),
    };
    let outcome = command();
    let last = outcome.as_ref().err().map(one_line);
    logging.end(last.map(|line| format!("madang: {line}")).as_deref());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// One line on standard error; lost where nobody reads it.
pub(crate) fn complain(what: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "madang: {what}");
}

fn one_line(error: &anyhow::Error) -> String {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    chain.join(": ").replace('\n', " ")
}
