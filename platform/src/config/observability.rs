//! What watches the platform from outside.

use std::path::PathBuf;
use std::time::Duration;

use super::sources::{Secret, number, secret};

/// Shorter ones can be guessed.
const LEAST_TOKEN: usize = 16;
/// A day: what a score is about.
const LONGEST_HEALTH_INTERVAL: u32 = 24 * 60;
const DEFAULT_HEALTH_INTERVAL: u32 = 5;

/// The ready file, who reads all metrics, and how fresh scores of health are.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Observability")]
pub struct Observability {
    /// Written once everything listens: a JSON object of listener to bound address, and `pid`
    #[arg(long, value_name = "PATH", env = "MADANG_READY_FILE")]
    pub ready_file: Option<PathBuf>,
    /// File of a token (16 characters or more) that opens all of /metrics, as an operator's does
    #[arg(
        long = "metrics-token-file",
        value_name = "FILE",
        env = "MADANG_METRICS_TOKEN_FILE",
        value_parser = secret::<LEAST_TOKEN>
    )]
    pub metrics_token: Option<Secret>,
    /// Between two close looks at the health of a device, 1440 at most; shorter with few
    /// devices, longer where a fiftieth of one core is not enough for all
    #[arg(
        long,
        value_name = "MINUTES",
        env = "MADANG_HEALTH_INTERVAL",
        default_value_t = DEFAULT_HEALTH_INTERVAL,
        value_parser = health_interval
    )]
    health_interval: u32,
}

fn health_interval(text: &str) -> Result<u32, String> {
    match number(text)? {
        minutes if (1..=LONGEST_HEALTH_INTERVAL).contains(&minutes) => Ok(minutes),
        minutes => Err(format!("{minutes} is not 1 to {LONGEST_HEALTH_INTERVAL}")),
    }
}

impl Observability {
    pub fn health_interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.health_interval) * 60)
    }
}
