//! What watches the platform from outside.

use std::path::PathBuf;

use super::sources::{Secret, secret};

/// Shorter ones can be guessed.
const LEAST_TOKEN: usize = 16;

/// The ready file, and who reads all metrics.
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
}
