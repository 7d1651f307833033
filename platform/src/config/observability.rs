//! What watches the platform from outside.

use std::fmt;
use std::path::PathBuf;

/// Shorter ones can be guessed.
const LEAST_TOKEN: usize = 16;
const MOST_TOKEN: usize = 256;

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
        value_parser = metrics_token
    )]
    pub metrics_token: Option<MetricsToken>,
}

/// What opens `/metrics` beside an operator's login.
#[derive(Clone)]
pub struct MetricsToken(String);

impl MetricsToken {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MetricsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsToken")
    }
}

fn metrics_token(path: &str) -> Result<MetricsToken, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let token = text.trim();
    let sound = (LEAST_TOKEN..=MOST_TOKEN).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    if !sound {
        return Err(format!(
            "{path}: {LEAST_TOKEN} to {MOST_TOKEN} printable characters without a space, \
             as `openssl rand -hex 32` makes them"
        ));
    }
    Ok(MetricsToken(token.to_owned()))
}
