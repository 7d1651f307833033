//! The command line: one file a subcommand, arguments become a configuration.

pub(crate) mod fleet;
pub(crate) mod load;
pub(crate) mod replay;

use std::path::PathBuf;

use clap::Args;
use firmware_sim::registration::Platform;

/// Who the devices are.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct Identity {
    /// Register the devices at this platform first, as http://127.0.0.1:8080
    #[arg(long, value_name = "HTTP_URL", requires = "token_file")]
    register: Option<String>,
    /// The operator's token for that, as DIR/admin.token
    #[arg(long, value_name = "FILE", requires = "register")]
    token_file: Option<PathBuf>,
    /// Log in as nobody, for a broker that lets everybody in
    #[arg(long, conflicts_with_all = ["register", "token_file"])]
    anonymous: bool,
}

impl Identity {
    /// `None`: anonymous.
    pub(crate) fn platform(&self) -> anyhow::Result<Option<Platform>> {
        match (&self.register, &self.token_file) {
            (Some(url), Some(token)) => Platform::connect(url, token).map(Some),
            _ => Ok(None),
        }
    }
}
