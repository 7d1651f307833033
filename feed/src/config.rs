//! Where the feed goes and what goes there. Refused before anything starts.

use std::path::PathBuf;
use std::time::Duration;

use ureq::http::Uri;

/// The longest horizon: a day. Marks are kept for each second of it.
pub const MAX_HORIZON: Duration = Duration::from_secs(86_400);
/// The longest token, in bytes; InfluxDB's have 88.
const MAX_TOKEN_BYTES: u64 = 4_096;
/// The longest name of an organisation or bucket, in bytes.
const MAX_NAME_BYTES: usize = 256;
/// What InfluxDB's clients append to the address themselves.
const WRITE_PATH: &str = "/api/v2/write";

/// All that a feed needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    pub target: Target,
    /// `None`: the store asks for no token.
    pub token: Option<TokenFile>,
    /// What was acknowledged in this time before a store failed is sent again;
    /// 60 seconds by default, [`MAX_HORIZON`] at most.
    pub horizon: Duration,
    pub selection: Selection,
}

impl Config {
    /// VictoriaMetrics loses its last seconds when it is killed; what a slow
    /// disk adds to them is far below a minute.
    pub const DEFAULT_HORIZON: Duration = Duration::from_secs(60);
}

/// Which datastreams are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Selection {
    /// Those that everybody may read.
    #[default]
    Public,
    /// Restricted ones too: for a store of the operator's own.
    All,
}

impl Selection {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "public" => Some(Self::Public),
            "all" => Some(Self::All),
            _ => None,
        }
    }
}

/// Why a feed is not configured. The texts are written to follow the
/// name of the setting.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "{0:?} is no http:// or https:// address of a store, as https://influx.example.kr:8086, \
         without user, query and /api/v2/write"
    )]
    Url(String),
    #[error("{0:?} is no name of 1 to {MAX_NAME_BYTES} bytes without control characters")]
    Name(String),
    #[error("{}: the token cannot be read: {cause}", path.display())]
    TokenUnreadable {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("{}: a token is one line of 1 to {MAX_TOKEN_BYTES} printable characters", path.display())]
    TokenForm { path: PathBuf },
}

/// A store, and the bucket in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Without a slash at its end; may have a path of its own.
    base: String,
    org: Option<String>,
    bucket: String,
}

impl Target {
    /// `url` is the store's address, with the path prefix that a proxy gave it.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let refused = || ConfigError::Url(url.to_owned());
        let base = url.trim().trim_end_matches('/');
        let uri: Uri = base.parse().map_err(|_| refused())?;
        let scheme = uri.scheme_str().unwrap_or_default();
        let authority = uri.authority().ok_or_else(refused)?;
        let plain = !authority.as_str().contains('@')
            && !authority.host().is_empty()
            && uri.query().is_none()
            && !base.contains('#')
            && !base.ends_with(WRITE_PATH);
        if !matches!(scheme, "http" | "https") || !plain {
            return Err(refused());
        }
        Ok(Self {
            base: base.to_owned(),
            org: None,
            bucket: "madang".to_owned(),
        })
    }

    /// Stores other than InfluxDB 2 do without.
    pub fn with_org(self, org: String) -> Result<Self, ConfigError> {
        let org = Some(checked_name(org)?);
        Ok(Self { org, ..self })
    }

    /// `madang` by default. Stores without buckets ignore it.
    pub fn with_bucket(self, bucket: String) -> Result<Self, ConfigError> {
        let bucket = checked_name(bucket)?;
        Ok(Self { bucket, ..self })
    }

    /// Whether others could read what is sent.
    pub fn crosses_a_network_in_plaintext(&self) -> bool {
        let Some(rest) = self.base.strip_prefix("http://") else {
            return false;
        };
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        let loopback = host == "localhost" || host.starts_with("127.") || rest.starts_with("[::1]");
        !loopback
    }

    /// Where lines go. Names the target: another one begins anew.
    pub(crate) fn write_url(&self) -> String {
        let mut url = format!("{}{WRITE_PATH}?bucket=", self.base);
        push_encoded(&mut url, &self.bucket);
        if let Some(org) = &self.org {
            url.push_str("&org=");
            push_encoded(&mut url, org);
        }
        url.push_str("&precision=us");
        url
    }

    /// Where the store tells since when it runs.
    pub(crate) fn metrics_url(&self) -> String {
        format!("{}/metrics", self.base)
    }
}

fn checked_name(name: String) -> Result<String, ConfigError> {
    let length = 1..=MAX_NAME_BYTES;
    if length.contains(&name.len()) && !name.chars().any(char::is_control) {
        Ok(name)
    } else {
        Err(ConfigError::Name(name))
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn push_encoded(url: &mut String, text: &str) {
    use std::fmt::Write;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            url.push(char::from(byte));
        } else {
            write!(url, "%{byte:02X}").expect("a String takes all");
        }
    }
}

/// A file with one token in it. Read again when the store refuses the token,
/// so that it can be replaced without a restart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenFile(PathBuf);

impl TokenFile {
    /// Refuses a file without a usable token.
    pub fn checked(path: PathBuf) -> Result<Self, ConfigError> {
        let file = Self(path);
        file.read()?;
        Ok(file)
    }

    pub(crate) fn read(&self) -> Result<String, ConfigError> {
        let unreadable = |cause| ConfigError::TokenUnreadable {
            path: self.0.clone(),
            cause,
        };
        let form = || ConfigError::TokenForm {
            path: self.0.clone(),
        };
        if std::fs::metadata(&self.0).map_err(unreadable)?.len() > MAX_TOKEN_BYTES {
            return Err(form());
        }
        let bytes = std::fs::read(&self.0).map_err(unreadable)?;
        let text = str::from_utf8(&bytes).map_err(|_| form())?.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(form());
        }
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests;
