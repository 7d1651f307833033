//! The command line: one file a subcommand.

pub mod agency;
pub mod backup;
pub mod client;
pub mod demo;
pub mod device;
mod device_connection;
pub mod doctor;
pub mod export;
pub mod key;
pub mod restore;
pub mod serve;

use std::process::ExitCode;

/// Status 0, or 1 with one clear line.
pub fn report(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("madang: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

fn one_line(error: &anyhow::Error) -> String {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    chain.join(": ").replace('\n', " ")
}
