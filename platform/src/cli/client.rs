//! Where the running server is, and the operator's token.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sdk::api::{ApiClient, ApiCredential};

use crate::server_file::Running;

/// What every command that talks to the running server takes.
#[derive(clap::Args, Debug)]
pub struct ServerArgs {
    /// The running server [default: the one that runs on --data, else http://127.0.0.1:8080]
    #[arg(long, value_name = "URL", env = "MADANG_URL")]
    url: Option<String>,
    /// An operator's token
    #[arg(
        long,
        value_name = "TOKEN",
        env = "MADANG_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// The server's data folder: its admin.token is read, and sent to that server alone
    #[arg(long, value_name = "DIR", env = "MADANG_DATA")]
    data: Option<PathBuf>,
}

/// Where neither a URL nor a folder is given.
const USUAL_URL: &str = "http://127.0.0.1:8080";

impl ServerArgs {
    pub fn operator(&self) -> anyhow::Result<ApiClient> {
        let url = self.url()?;
        let token = match (&self.token, &self.data) {
            (Some(token), _) => token.clone(),
            (None, Some(data)) => {
                its_own(data, &url)?;
                let path = data.join("admin.token");
                std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?
            }
            (None, None) => bail!(
                "no operator's token for {url}: give --data DIR (its admin.token is read), --token or MADANG_TOKEN"
            ),
        };
        let bearer = ApiCredential::Bearer(token.trim().to_owned());
        Ok(ApiClient::connect(&url, bearer)?)
    }

    /// The operator where a token is given, and nobody in particular otherwise.
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
        Ok(ApiClient::connect(&self.url()?, ApiCredential::None)?)
    }

    fn url(&self) -> anyhow::Result<String> {
        match (&self.url, &self.data) {
            (Some(url), _) => Ok(url.clone()),
            (None, None) => Ok(USUAL_URL.to_owned()),
            (None, Some(data)) => running(data)?.url().with_context(|| {
                format!(
                    "the server of {} has no plaintext HTTP and no --public-url: give --url",
                    data.display()
                )
            }),
        }
    }
}

fn running(data: &Path) -> anyhow::Result<Running> {
    Running::on(data)?.with_context(|| {
        format!(
            "no server runs on {data}: start it with madang serve --data {data}, or give --url and --token of one elsewhere",
            data = data.display()
        )
    })
}

/// A folder's token opens everything, so nobody but the folder's server sees it.
fn its_own(data: &Path, url: &str) -> anyhow::Result<()> {
    let server = running(data)?;
    if !server.answers_at(url) {
        bail!(
            "the token of {} is for the server that runs on it ({}), and was not sent to {url}: leave --url (MADANG_URL) out, or give --token for {url}",
            data.display(),
            server.url().unwrap_or_else(|| "over HTTPS".to_owned())
        );
    }
    Ok(())
}
