//! Where the data is, and how much of the log is kept.

use std::path::PathBuf;

use device_registry::MAX_EXTRA_FIELDS;

use super::sources::number;

/// 10 GiB: what the contract promises to readers of the stream.
const DEFAULT_LOG_BUDGET: u64 = 10 << 30;
/// Two segments: below that the log could not recycle.
const LEAST_LOG_BUDGET: u64 = 128 << 20;
/// Half of what a device may have at all: whoever operates it has an hour to see it.
const DEFAULT_NEW_FIELDS: usize = 16;

/// The data folder.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Storage")]
pub struct Storage {
    /// Folder of the data; made where it is absent
    #[arg(long, value_name = "DIR", env = "MADANG_DATA")]
    pub data: PathBuf,
    /// Bytes of log kept for readers of the stream; 128 MiB at least
    #[arg(
        long,
        value_name = "BYTES",
        env = "MADANG_LOG_BUDGET",
        default_value_t = DEFAULT_LOG_BUDGET,
        value_parser = log_budget
    )]
    pub log_budget: u64,
    /// Datastreams that one device may make within an hour by fields that its model does not
    /// know; 1 to 32, which it may have in all
    #[arg(
        long,
        value_name = "COUNT",
        env = "MADANG_NEW_FIELDS_PER_HOUR",
        default_value_t = DEFAULT_NEW_FIELDS,
        value_parser = new_fields
    )]
    pub new_fields_per_hour: usize,
    /// For one start: the system's clock is right, whatever the data folder knows of earlier
    /// times. Never a key of the file
    #[arg(long, env = "MADANG_TRUST_CLOCK")]
    pub trust_clock: bool,
}

fn log_budget(text: &str) -> Result<u64, String> {
    match number(text)? {
        bytes if bytes < LEAST_LOG_BUDGET => Err(format!(
            "{bytes} is less than {LEAST_LOG_BUDGET} bytes (128 MiB)"
        )),
        bytes => Ok(bytes),
    }
}

fn new_fields(text: &str) -> Result<usize, String> {
    match number(text)? {
        count if (1..=MAX_EXTRA_FIELDS).contains(&count) => Ok(count),
        count => Err(format!("{count} is not 1 to {MAX_EXTRA_FIELDS}")),
    }
}

impl Storage {
    pub fn clock_trust(&self) -> ingest::ClockTrust {
        if self.trust_clock {
            ingest::ClockTrust::Trusted
        } else {
            ingest::ClockTrust::AsItGoes
        }
    }
}
