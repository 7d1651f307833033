//! Settings: one struct a concern, read from flags, environment and a file, and
//! refused in one line before any port is bound.
//!
//! A field of a concern's struct is a setting, and written once: its flag is
//! named like the field, and with it stand its variable, its default, its help
//! and what reads it. The key of the file is the flag's name. [`sources`] says
//! how they come together, `docs/settings.md` lists them.

mod certificate;
mod feed;
mod file;
mod http;
mod identity;
mod listeners;
mod login;
mod mqtt;
mod observability;
mod oidc;
mod sources;
mod storage;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use self::feed::{FeedArgs, FeedConfigError};
pub use self::mqtt::MqttLimits;
pub use self::oidc::{OidcArgs, OidcConfigError};
pub use certificate::{ChainFault, chain_faults};
pub use file::FileError;
pub use http::Http;
pub use identity::Identity;
pub use listeners::{Listen, Listeners};
pub use login::{AdminToken, Login, SecondFactor};
pub use observability::Observability;
pub use sources::{Given, Secret, ServeFlags};
pub use storage::Storage;
pub use tls::{ReloadingTls, SharedConfig, TlsArgs, TlsError, TlsFiles};

/// The arguments of `serve`, each setting read by itself.
#[derive(clap::Args, Debug, Clone)]
pub struct ServeArgs {
    /// TOML file with the same keys as these flags, as `mqtt = "0.0.0.0:1883"`
    #[arg(long, value_name = "FILE", env = "MADANG_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    storage: Storage,
    #[command(flatten)]
    listeners: Listeners,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    identity: Identity,
    #[command(flatten)]
    mqtt: MqttLimits,
    #[command(flatten)]
    http: Http,
    #[command(flatten)]
    login: Login,
    #[command(flatten)]
    oidc: OidcArgs,
    #[command(flatten)]
    observability: Observability,
    #[command(flatten)]
    feed: FeedArgs,
}

/// What `serve` runs with: checked, and complete.
#[derive(Debug)]
pub struct Settings {
    pub storage: Storage,
    pub listeners: Listeners,
    pub tls: Option<ReloadingTls>,
    pub identity: Identity,
    pub mqtt: MqttLimits,
    pub http: Http,
    pub login: Login,
    /// The identity provider at which people log in.
    pub sign_on: Option<open_api::SignOn>,
    pub observability: Observability,
    /// Where observations are sent on to.
    pub feed: Option<::feed::Config>,
    /// The folder is the demo's: nothing in it was measured.
    pub simulated: bool,
}

/// What `madang demo` keeps of its world: a folder that has it holds simulated
/// values, whoever serves it.
pub const SIMULATED_FILE: &str = "demo.json";

/// Why the settings are refused. One line, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("no data folder: give --data DIR (or MADANG_DATA)")]
    NoData,
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{flag} {fault}")]
    Value { flag: String, fault: String },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("--{listener} needs a certificate: give --tls-cert and --tls-key")]
    NoCertificate { listener: &'static str },
    #[error("--tls-cert and --tls-key go together")]
    HalfCertificate,
    #[error("--mqtt-unprotected listens on loopback only, not on {0}: it lets everybody in")]
    UnprotectedAddress(SocketAddr),
    #[error(transparent)]
    Feed(#[from] FeedConfigError),
    #[error(transparent)]
    Oidc(#[from] OidcConfigError),
    #[error("nothing would listen: every listener is off")]
    Silent,
}

impl Settings {
    /// Checks what one setting alone cannot tell.
    fn checked(args: ServeArgs) -> Result<Self, ConfigError> {
        let tls = args.tls.load()?;
        args.listeners.check(tls.is_some())?;
        Ok(Self {
            simulated: args.storage.data.join(SIMULATED_FILE).exists(),
            storage: args.storage,
            listeners: args.listeners,
            tls,
            sign_on: args.oidc.checked(args.identity.public_url.as_deref())?,
            identity: args.identity,
            mqtt: args.mqtt,
            http: args.http,
            login: args.login,
            observability: args.observability,
            feed: args.feed.checked()?,
        })
    }
}

#[cfg(test)]
mod tests;
