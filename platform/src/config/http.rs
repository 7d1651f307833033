//! The limits of HTTP, and whom it believes.

use std::num::{NonZeroU32, NonZeroUsize};

use http_edge::limits::MAX_CONNECTIONS;
use http_edge::request::TrustedProxies;
use open_api::Quotas;

use super::sources::{at_most, number};

/// Proxies, connections and quotas.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "HTTP")]
pub struct Http {
    /// Addresses whose X-Forwarded-For is believed, as 10.0.0.0/8,::1
    #[arg(
        long,
        value_name = "ADDR,...",
        env = "MADANG_TRUSTED_PROXIES",
        value_parser = trusted_proxies
    )]
    pub trusted_proxies: Option<TrustedProxies>,
    /// Connections at once, 10000 at most; fewer where the system allows fewer open files
    #[arg(
        long,
        value_name = "N",
        env = "MADANG_HTTP_CONNECTIONS",
        default_value_t = NonZeroUsize::new(MAX_CONNECTIONS).unwrap_or(NonZeroUsize::MIN),
        value_parser = at_most::<NonZeroUsize, MAX_CONNECTIONS>
    )]
    pub http_connections: NonZeroUsize,
    /// Requests a minute of an address without a key
    #[arg(
        long,
        value_name = "REQUESTS",
        env = "MADANG_HTTP_ANONYMOUS_RATE",
        default_value_t = Quotas::default().anonymous_a_minute,
        value_parser = number::<NonZeroU32>
    )]
    pub http_anonymous_rate: NonZeroU32,
    /// Requests a minute of an API key
    #[arg(
        long,
        value_name = "REQUESTS",
        env = "MADANG_HTTP_KEY_RATE",
        default_value_t = Quotas::default().key_a_minute,
        value_parser = number::<NonZeroU32>
    )]
    pub http_key_rate: NonZeroU32,
}

fn trusted_proxies(text: &str) -> Result<TrustedProxies, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is no list of addresses or networks, as 10.0.0.0/8,::1"))
}

impl Http {
    pub(crate) fn quotas(&self) -> Quotas {
        Quotas {
            anonymous_a_minute: self.http_anonymous_rate,
            key_a_minute: self.http_key_rate,
            ..Quotas::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Given;

    #[test]
    fn quotas_and_connections_are_as_given() {
        let given = Given::default().with("data", "d");
        let usual = given.clone().settings().unwrap().http;
        assert_eq!(usual.quotas(), Quotas::default());
        let given = given
            .with("http-anonymous-rate", "1")
            .with("http-key-rate", "2");
        let quotas = given.clone().settings().unwrap().http.quotas();
        let (anonymous, key) = (quotas.anonymous_a_minute, quotas.key_a_minute);
        assert_eq!((anonymous.get(), key.get()), (1, 2));
        let too_many = given.with("http-connections", "10001").settings();
        assert_eq!(
            too_many.unwrap_err().to_string(),
            "--http-connections 10001 is more than 10000"
        );
    }
}
