//! The configuration file: TOML with the flags' names as keys.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{FeedArgs, ServeArgs};

/// A file is a page of text; more is some other file.
const MAX_FILE_BYTES: u64 = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot read the configuration {}: {cause}", path.display())]
    Read {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("the configuration {} is longer than {MAX_FILE_BYTES} bytes", path.display())]
    TooLong { path: PathBuf },
    #[error("the configuration {}: {fault}", path.display())]
    Content { path: PathBuf, fault: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Keys {
    data: Option<PathBuf>,
    mqtt: Option<String>,
    mqtts: Option<String>,
    ws: Option<String>,
    wss: Option<String>,
    coap: Option<String>,
    http: Option<String>,
    https: Option<String>,
    mqtt_unprotected: Option<String>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    public_url: Option<String>,
    metrics_token_file: Option<PathBuf>,
    trusted_proxies: Option<String>,
    audience: Option<String>,
    log_budget: Option<u64>,
    device_rate: Option<u32>,
    ready_file: Option<PathBuf>,
    feed_url: Option<String>,
    feed_token_file: Option<PathBuf>,
    feed_org: Option<String>,
    feed_bucket: Option<String>,
    feed_horizon: Option<u64>,
    feed_visibility: Option<String>,
}

pub(super) fn read(path: &Path) -> Result<ServeArgs, FileError> {
    let unreadable = |cause| FileError::Read {
        path: path.to_owned(),
        cause,
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLong {
            path: path.to_owned(),
        });
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let keys: Keys = toml::from_str(&text).map_err(|error| FileError::Content {
        path: path.to_owned(),
        fault: one_line(&text, &error),
    })?;
    Ok(keys.into())
}

/// TOML's own report is a picture of several lines.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(1, |span| {
        text[..span.start.min(text.len())].matches('\n').count() + 1
    });
    format!("line {line}: {}", error.message().replace('\n', " "))
}

impl From<Keys> for ServeArgs {
    fn from(keys: Keys) -> Self {
        Self {
            data: keys.data,
            config: None,
            mqtt: keys.mqtt,
            mqtts: keys.mqtts,
            ws: keys.ws,
            wss: keys.wss,
            coap: keys.coap,
            http: keys.http,
            https: keys.https,
            mqtt_unprotected: keys.mqtt_unprotected,
            tls_cert: keys.tls_cert,
            tls_key: keys.tls_key,
            public_url: keys.public_url,
            metrics_token_file: keys.metrics_token_file,
            trusted_proxies: keys.trusted_proxies,
            audience: keys.audience,
            log_budget: keys.log_budget,
            device_rate: keys.device_rate,
            ready_file: keys.ready_file,
            // What is once true would be said for ever.
            trust_clock: false,
            feed: FeedArgs {
                url: keys.feed_url,
                token_file: keys.feed_token_file,
                org: keys.feed_org,
                bucket: keys.feed_bucket,
                horizon: keys.feed_horizon,
                visibility: keys.feed_visibility,
            },
        }
    }
}

impl ServeArgs {
    /// What is given here, else what `below` gives.
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            data: self.data.or(below.data),
            config: None,
            mqtt: self.mqtt.or(below.mqtt),
            mqtts: self.mqtts.or(below.mqtts),
            ws: self.ws.or(below.ws),
            wss: self.wss.or(below.wss),
            coap: self.coap.or(below.coap),
            http: self.http.or(below.http),
            https: self.https.or(below.https),
            mqtt_unprotected: self.mqtt_unprotected.or(below.mqtt_unprotected),
            tls_cert: self.tls_cert.or(below.tls_cert),
            tls_key: self.tls_key.or(below.tls_key),
            public_url: self.public_url.or(below.public_url),
            metrics_token_file: self.metrics_token_file.or(below.metrics_token_file),
            trusted_proxies: self.trusted_proxies.or(below.trusted_proxies),
            audience: self.audience.or(below.audience),
            log_budget: self.log_budget.or(below.log_budget),
            device_rate: self.device_rate.or(below.device_rate),
            ready_file: self.ready_file.or(below.ready_file),
            trust_clock: self.trust_clock,
            feed: self.feed.over(below.feed),
        }
    }
}
