//! Settings: read from flags, environment and a file, and refused in one line
//! before any port is bound.
//!
//! A flag beats a `MADANG_...` variable, which beats the file.

mod certificate;
mod feed;
mod file;
mod listen;
mod tls;

use std::path::{Path, PathBuf};

use http_edge::request::TrustedProxies;

pub use self::feed::{FeedArgs, FeedConfigError};
pub use certificate::{ChainFault, chain_faults};
pub use listen::{Listen, ListenError};
pub use tls::{ReloadingTls, SharedConfig, TlsError, TlsFiles};

/// The flags of `serve`. Each is a variable and a key of the file too.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct ServeArgs {
    /// Folder of the data; made where it is absent
    #[arg(long, value_name = "DIR", env = "MADANG_DATA")]
    pub data: Option<PathBuf>,
    /// TOML file with the same keys as these flags, as `mqtt = "0.0.0.0:1883"`
    #[arg(long, value_name = "FILE", env = "MADANG_CONFIG")]
    pub config: Option<PathBuf>,
    /// MQTT, plaintext [default: 127.0.0.1:1883; `off` for none]
    #[arg(long, value_name = "ADDR:PORT", env = "MADANG_MQTT")]
    pub mqtt: Option<String>,
    /// MQTT over TLS [default: 0.0.0.0:8883 where there is a certificate]
    #[arg(long, value_name = "ADDR:PORT", env = "MADANG_MQTTS")]
    pub mqtts: Option<String>,
    /// MQTT over WebSocket, plaintext [default: 127.0.0.1:8083; `off` for none]
    #[arg(long, value_name = "ADDR:PORT", env = "MADANG_WS")]
    pub ws: Option<String>,
    /// The same over TLS [default: 0.0.0.0:8084 where there is a certificate]
    #[arg(long, value_name = "ADDR:PORT", env = "MADANG_WSS")]
    pub wss: Option<String>,
    /// CoAP over UDP [default: 127.0.0.1:5683; `off` for none]
    #[arg(long, value_name = "ADDR:PORT", env = "MADANG_COAP")]
    pub coap: Option<String>,
    /// The open API and the pages, plaintext [default: 127.0.0.1:8080; `off` for none]
    #[arg(long, value_name = "ADDR:PORT", env = "MADANG_HTTP")]
    pub http: Option<String>,
    /// The same over TLS [default: 0.0.0.0:8443 where there is a certificate]
    #[arg(long, value_name = "ADDR:PORT", env = "MADANG_HTTPS")]
    pub https: Option<String>,
    /// Conformance suites only: MQTT without any authentication, on loopback
    #[arg(long, value_name = "ADDR:PORT", env = "MADANG_MQTT_UNPROTECTED")]
    pub mqtt_unprotected: Option<String>,
    /// Certificate chain, PEM; read again when it changes
    #[arg(long, value_name = "FILE", env = "MADANG_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", env = "MADANG_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// How the outside world reaches the API, as `https://madang.example.kr`
    #[arg(long, value_name = "URL", env = "MADANG_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// File of a token (16 characters or more) that opens all of /metrics, as an operator's does
    #[arg(long, value_name = "FILE", env = "MADANG_METRICS_TOKEN_FILE")]
    pub metrics_token_file: Option<PathBuf>,
    /// Addresses whose X-Forwarded-For is believed, as 10.0.0.0/8,::1
    #[arg(long, value_name = "ADDR,...", env = "MADANG_TRUSTED_PROXIES")]
    pub trusted_proxies: Option<String>,
    /// `aud` that devices put into their JWT [default: madang]
    #[arg(long, value_name = "NAME", env = "MADANG_AUDIENCE")]
    pub audience: Option<String>,
    /// Bytes of log kept for readers of the stream [default: 10 GiB]
    #[arg(long, value_name = "BYTES", env = "MADANG_LOG_BUDGET")]
    pub log_budget: Option<u64>,
    /// Messages a second that one device may publish over MQTT; past it, it is read more
    /// slowly. 0: no limit [default: 10000]
    #[arg(long, value_name = "MESSAGES", env = "MADANG_DEVICE_RATE")]
    pub device_rate: Option<u32>,
    /// Written once everything listens: a JSON object of listener to bound address, and `pid`
    #[arg(long, value_name = "PATH", env = "MADANG_READY_FILE")]
    pub ready_file: Option<PathBuf>,
    /// For one start: the system's clock is right, whatever the data folder knows of earlier
    /// times. Never a key of the file
    #[arg(long, env = "MADANG_TRUST_CLOCK")]
    pub trust_clock: bool,
    #[command(flatten)]
    pub feed: FeedArgs,
}

/// What `serve` runs with: checked, and complete.
#[derive(Debug)]
pub struct Settings {
    pub data: PathBuf,
    pub mqtt: Listen,
    pub mqtts: Listen,
    pub ws: Listen,
    pub wss: Listen,
    pub coap: Listen,
    pub http: Listen,
    pub https: Listen,
    pub mqtt_unprotected: Listen,
    pub tls: Option<ReloadingTls>,
    pub public_url: Option<String>,
    /// What opens `/metrics` beside an operator's login.
    pub metrics_token: Option<String>,
    pub trusted_proxies: TrustedProxies,
    pub audience: String,
    /// Bytes.
    pub log_budget: u64,
    /// Messages a second; 0 is no limit.
    pub device_rate: u32,
    pub ready_file: Option<PathBuf>,
    /// The folder is the demo's: nothing in it was measured.
    pub simulated: bool,
    pub clock_trust: ingest::ClockTrust,
    /// Where observations are sent on to.
    pub feed: Option<::feed::Config>,
}

/// What `madang demo` keeps of its world: a folder that has it holds simulated
/// values, whoever serves it.
pub const SIMULATED_FILE: &str = "demo.json";
/// Far above any sensor, and what a gateway sends after a day without network;
/// far below what would keep a worker from the others.
const DEFAULT_DEVICE_RATE: u32 = 10_000;
/// 10 GiB: what the contract promises to readers of the stream.
const DEFAULT_LOG_BUDGET: u64 = 10 << 30;
/// Two segments: below that the log could not recycle.
const LEAST_LOG_BUDGET: u64 = 128 << 20;

/// Why the settings are refused. One line, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("no data folder: give --data DIR (or MADANG_DATA)")]
    NoData,
    #[error(transparent)]
    File(#[from] file::FileError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("--{listener} needs a certificate: give --tls-cert and --tls-key")]
    NoCertificate { listener: &'static str },
    #[error("--tls-cert and --tls-key go together")]
    HalfCertificate,
    #[error("--mqtt-unprotected listens on loopback only, not on {0}: it lets everybody in")]
    UnprotectedAddress(std::net::SocketAddr),
    #[error("--public-url {0:?} is no http:// or https:// address")]
    PublicUrl(String),
    #[error("--metrics-token-file {}: {cause}", path.display())]
    MetricsToken {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error(
        "--metrics-token-file {}: {LEAST_TOKEN} to {MOST_TOKEN} printable characters without a space, as `openssl rand -hex 32` makes them",
        .0.display()
    )]
    MetricsTokenForm(PathBuf),
    #[error("--trusted-proxies: {0:?} is no list of addresses or networks, as 10.0.0.0/8,::1")]
    Proxy(String),
    #[error("--audience must be 1 to 64 printable characters")]
    Audience,
    #[error("--log-budget {0} is less than {LEAST_LOG_BUDGET} bytes (128 MiB)")]
    LogBudget(u64),
    #[error(transparent)]
    Feed(#[from] FeedConfigError),
    #[error("nothing would listen: every listener is off")]
    Silent,
}

impl Settings {
    /// Puts flags, variables and file together and checks every one.
    pub fn from_args(args: ServeArgs) -> Result<Self, ConfigError> {
        let args = match &args.config {
            Some(path) => args.clone().over(file::read(path)?),
            None => args,
        };
        let data = args.data.ok_or(ConfigError::NoData)?;
        let tls = match (args.tls_cert, args.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(ReloadingTls::load(TlsFiles { certificate, key })?)
            }
            (None, None) => None,
            _ => return Err(ConfigError::HalfCertificate),
        };
        let secure = |name, given: &Option<String>, usual| match (&tls, given) {
            (Some(_), _) => Ok::<_, ConfigError>(Listen::parse(name, given.as_deref(), usual)?),
            (None, None) => Ok(Listen::Off),
            (None, Some(text)) if text == "off" => Ok(Listen::Off),
            (None, Some(_)) => Err(ConfigError::NoCertificate { listener: name }),
        };
        let settings = Self {
            mqtt: Listen::parse("mqtt", args.mqtt.as_deref(), "127.0.0.1:1883")?,
            mqtts: secure("mqtts", &args.mqtts, "0.0.0.0:8883")?,
            ws: Listen::parse("ws", args.ws.as_deref(), "127.0.0.1:8083")?,
            wss: secure("wss", &args.wss, "0.0.0.0:8084")?,
            coap: Listen::parse("coap", args.coap.as_deref(), "127.0.0.1:5683")?,
            http: Listen::parse("http", args.http.as_deref(), "127.0.0.1:8080")?,
            https: secure("https", &args.https, "0.0.0.0:8443")?,
            mqtt_unprotected: Listen::parse(
                "mqtt-unprotected",
                args.mqtt_unprotected.as_deref(),
                "off",
            )?,
            tls,
            public_url: args.public_url.map(checked_url).transpose()?,
            metrics_token: args.metrics_token_file.as_deref().map(token).transpose()?,
            trusted_proxies: checked_proxies(args.trusted_proxies.as_deref())?,
            audience: checked_audience(args.audience)?,
            log_budget: args.log_budget.unwrap_or(DEFAULT_LOG_BUDGET),
            device_rate: args.device_rate.unwrap_or(DEFAULT_DEVICE_RATE),
            ready_file: args.ready_file,
            simulated: data.join(SIMULATED_FILE).exists(),
            clock_trust: match args.trust_clock {
                true => ingest::ClockTrust::Trusted,
                false => ingest::ClockTrust::AsItGoes,
            },
            feed: args.feed.checked()?,
            data,
        };
        settings.check()
    }

    fn check(self) -> Result<Self, ConfigError> {
        if let Listen::On(addr) = self.mqtt_unprotected
            && !addr.ip().is_loopback()
        {
            return Err(ConfigError::UnprotectedAddress(addr));
        }
        if self.log_budget < LEAST_LOG_BUDGET {
            return Err(ConfigError::LogBudget(self.log_budget));
        }
        let listeners = [
            self.mqtt,
            self.mqtts,
            self.ws,
            self.wss,
            self.coap,
            self.http,
            self.https,
            self.mqtt_unprotected,
        ];
        if listeners.iter().all(|listen| matches!(listen, Listen::Off)) {
            return Err(ConfigError::Silent);
        }
        Ok(self)
    }
}

fn checked_url(url: String) -> Result<String, ConfigError> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains(char::is_whitespace) => {
            Ok(url.trim_end_matches('/').to_owned())
        }
        _ => Err(ConfigError::PublicUrl(url)),
    }
}

/// Shorter ones can be guessed.
const LEAST_TOKEN: usize = 16;
const MOST_TOKEN: usize = 256;

fn token(path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|cause| ConfigError::MetricsToken {
        path: path.to_owned(),
        cause,
    })?;
    let token = text.trim();
    let sound = (LEAST_TOKEN..=MOST_TOKEN).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    if !sound {
        return Err(ConfigError::MetricsTokenForm(path.to_owned()));
    }
    Ok(token.to_owned())
}

fn checked_proxies(text: Option<&str>) -> Result<TrustedProxies, ConfigError> {
    let text = text.unwrap_or_default();
    text.parse()
        .map_err(|_| ConfigError::Proxy(text.to_owned()))
}

fn checked_audience(name: Option<String>) -> Result<String, ConfigError> {
    let name = name.unwrap_or_else(|| "madang".to_owned());
    let printable = name.chars().all(|c| c.is_ascii_graphic());
    if name.is_empty() || name.len() > 64 || !printable {
        return Err(ConfigError::Audience);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(mqtt: &str) -> ServeArgs {
        ServeArgs {
            data: Some("d".into()),
            mqtt: Some(mqtt.to_owned()),
            ..ServeArgs::default()
        }
    }

    fn refused(args: ServeArgs) -> String {
        Settings::from_args(args).unwrap_err().to_string()
    }

    #[test]
    fn defaults_listen_on_loopback_only() {
        let settings = Settings::from_args(args("127.0.0.1:0")).unwrap();
        for listen in [settings.mqtt, settings.ws, settings.coap, settings.http] {
            assert!(matches!(listen, Listen::On(addr) if addr.ip().is_loopback()));
        }
        for listen in [settings.mqtts, settings.wss, settings.https] {
            assert!(matches!(listen, Listen::Off));
        }
    }

    #[test]
    fn each_fault_names_its_flag() {
        assert!(refused(args("1883")).contains("--mqtt"));
        let unprotected = ServeArgs {
            mqtt_unprotected: Some("0.0.0.0:1884".into()),
            ..args("off")
        };
        assert!(refused(unprotected).contains("loopback"));
        let tls = ServeArgs {
            mqtts: Some("0.0.0.0:8883".into()),
            ..args("off")
        };
        assert!(refused(tls).contains("--tls-cert"));
        let wss = ServeArgs {
            wss: Some("0.0.0.0:8084".into()),
            ..args("off")
        };
        assert!(refused(wss).contains("--wss needs a certificate"));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        for text in ["", "short", "a token with spaces"] {
            std::fs::write(&path, text).unwrap();
            let metrics = ServeArgs {
                metrics_token_file: Some(path.clone()),
                ..args("off")
            };
            assert!(refused(metrics).contains("--metrics-token-file"), "{text}");
        }
        let silent = ServeArgs {
            ws: Some("off".into()),
            coap: Some("off".into()),
            http: Some("off".into()),
            ..args("off")
        };
        assert!(refused(silent).contains("every listener"));
    }

    #[test]
    fn a_flag_beats_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("madang.toml");
        std::fs::write(&path, "mqtt = \"127.0.0.1:9\"\ncoap = \"off\"\n").unwrap();
        let settings = Settings::from_args(ServeArgs {
            config: Some(path),
            ..args("127.0.0.1:7")
        })
        .unwrap();
        assert!(matches!(settings.mqtt, Listen::On(addr) if addr.port() == 7));
        assert!(matches!(settings.coap, Listen::Off));
    }
}
