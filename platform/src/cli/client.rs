//! Where the running server is, and the operator's token.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sdk::api::{ApiClient, ApiCredential};

/// What every command that talks to the running server takes.
#[derive(clap::Args, Debug)]
pub struct ServerArgs {
    /// The running server
    #[arg(
        long,
        value_name = "URL",
        env = "MADANG_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    url: String,
    /// An operator's token
    #[arg(
        long,
        value_name = "TOKEN",
        env = "MADANG_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// The server's data folder: its admin.token is read
    #[arg(long, value_name = "DIR", env = "MADANG_DATA")]
    data: Option<PathBuf>,
}

impl ServerArgs {
    pub fn operator(&self) -> anyhow::Result<ApiClient> {
        let token = match (&self.token, &self.data) {
            (Some(token), _) => token.clone(),
            (None, Some(data)) => {
                let path = data.join("admin.token");
                std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?
            }
            (None, None) => bail!(
                "no operator's token: give --data DIR (its admin.token is read), --token or MADANG_TOKEN"
            ),
        };
        let bearer = ApiCredential::Bearer(token.trim().to_owned());
        Ok(ApiClient::connect(&self.url, bearer)?)
    }

    /// The operator where a token is told, and nobody in particular otherwise.
    pub fn operator_if_told(&self) -> anyhow::Result<ApiClient> {
        if self.token.is_some() || self.data.is_some() {
            self.operator()
        } else {
            self.anonymous()
        }
    }

    /// Where it was given.
    pub fn data(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    pub fn anonymous(&self) -> anyhow::Result<ApiClient> {
        Ok(ApiClient::connect(&self.url, ApiCredential::None)?)
    }
}
