//! The settings of the feed to an existing time-series store.

use std::path::PathBuf;
use std::time::Duration;

use feed::{MAX_HORIZON, Selection, Target, TokenFile};

use super::sources::number;

/// The flags of the feed. None of them: no feed.
#[derive(clap::Args, Debug, Clone, Default)]
#[command(next_help_heading = "Feed to an existing time-series store")]
pub struct FeedArgs {
    /// Address of a store that takes the InfluxDB v2 line protocol (InfluxDB, VictoriaMetrics
    /// and others), as `https://influx.example.kr:8086`; observations are sent on to it
    #[arg(long = "feed-url", value_name = "URL", env = "MADANG_FEED_URL")]
    pub url: Option<String>,
    /// File with the token that the store asks for; read again when it is refused
    #[arg(
        long = "feed-token-file",
        value_name = "FILE",
        env = "MADANG_FEED_TOKEN_FILE"
    )]
    pub token_file: Option<PathBuf>,
    /// Organisation in the store [default: none is named]
    #[arg(long = "feed-org", value_name = "NAME", env = "MADANG_FEED_ORG")]
    pub org: Option<String>,
    /// Bucket in the store [default: madang]
    #[arg(long = "feed-bucket", value_name = "NAME", env = "MADANG_FEED_BUCKET")]
    pub bucket: Option<String>,
    /// What the store acknowledged in this time before it failed is sent again [default: 60]
    #[arg(
        long = "feed-horizon",
        value_name = "SECONDS",
        env = "MADANG_FEED_HORIZON",
        value_parser = number::<u64>
    )]
    pub horizon: Option<u64>,
    /// `public` datastreams, or `all` [default: public]
    #[arg(
        long = "feed-visibility",
        value_name = "WHICH",
        env = "MADANG_FEED_VISIBILITY"
    )]
    pub visibility: Option<String>,
}

/// Why the settings of the feed are refused.
#[derive(Debug, thiserror::Error)]
pub enum FeedConfigError {
    #[error("--{flag} {fault}")]
    Setting {
        flag: &'static str,
        fault: feed::ConfigError,
    },
    #[error("--{0} needs --feed-url")]
    NoUrl(&'static str),
    #[error(
        "--feed-horizon {0} is more than {limit} seconds (a day)",
        limit = MAX_HORIZON.as_secs()
    )]
    Horizon(u64),
    #[error("--feed-visibility {0:?} is neither `public` nor `all`")]
    Visibility(String),
}

impl FeedArgs {
    pub(super) fn checked(self) -> Result<Option<feed::Config>, FeedConfigError> {
        let Some(url) = &self.url else {
            return match self.first_given() {
                Some(flag) => Err(FeedConfigError::NoUrl(flag)),
                None => Ok(None),
            };
        };
        let setting = |flag| move |fault| FeedConfigError::Setting { flag, fault };
        let mut target = Target::new(url).map_err(setting("feed-url"))?;
        if let Some(org) = self.org {
            target = target.with_org(org).map_err(setting("feed-org"))?;
        }
        if let Some(bucket) = self.bucket {
            target = target.with_bucket(bucket).map_err(setting("feed-bucket"))?;
        }
        let token = self
            .token_file
            .map(TokenFile::checked)
            .transpose()
            .map_err(setting("feed-token-file"))?;
        let horizon = match self.horizon.map(Duration::from_secs) {
            None => feed::Config::DEFAULT_HORIZON,
            Some(horizon) if horizon <= MAX_HORIZON => horizon,
            Some(horizon) => return Err(FeedConfigError::Horizon(horizon.as_secs())),
        };
        let selection = match self.visibility {
            None => Selection::default(),
            Some(text) => Selection::parse(&text).ok_or(FeedConfigError::Visibility(text))?,
        };
        Ok(Some(feed::Config {
            target,
            token,
            horizon,
            selection,
        }))
    }

    fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("feed-token-file", self.token_file.is_some()),
            ("feed-org", self.org.is_some()),
            ("feed-bucket", self.bucket.is_some()),
            ("feed-horizon", self.horizon.is_some()),
            ("feed-visibility", self.visibility.is_some()),
        ];
        given
            .into_iter()
            .find_map(|(flag, given)| given.then_some(flag))
    }
}

#[cfg(test)]
mod tests;
