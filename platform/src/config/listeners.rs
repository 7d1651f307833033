//! Where the platform listens.

use std::net::{SocketAddr, ToSocketAddrs};

use clap::builder::ArgPredicate;

use super::ConfigError;

/// An address, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    On(SocketAddr),
    Off,
}

impl Listen {
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Self::On(address) => Some(address),
            Self::Off => None,
        }
    }
}

/// The listeners. One over TLS is on by itself where there is a certificate.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Listeners")]
pub struct Listeners {
    /// MQTT, plaintext; `off` for none
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "MADANG_MQTT",
        default_value = "127.0.0.1:1883",
        value_parser = listen
    )]
    pub mqtt: Listen,
    /// MQTT over TLS [default: 0.0.0.0:8883 where there is a certificate]
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "MADANG_MQTTS",
        default_value_if("tls_cert", ArgPredicate::IsPresent, "0.0.0.0:8883"),
        value_parser = listen
    )]
    pub mqtts: Option<Listen>,
    /// MQTT over WebSocket, plaintext; `off` for none
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "MADANG_WS",
        default_value = "127.0.0.1:8083",
        value_parser = listen
    )]
    pub ws: Listen,
    /// The same over TLS [default: 0.0.0.0:8084 where there is a certificate]
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "MADANG_WSS",
        default_value_if("tls_cert", ArgPredicate::IsPresent, "0.0.0.0:8084"),
        value_parser = listen
    )]
    pub wss: Option<Listen>,
    /// CoAP over UDP; `off` for none
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "MADANG_COAP",
        default_value = "127.0.0.1:5683",
        value_parser = listen
    )]
    pub coap: Listen,
    /// The open API and the pages, plaintext; `off` for none
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "MADANG_HTTP",
        default_value = "127.0.0.1:8080",
        value_parser = listen
    )]
    pub http: Listen,
    /// The same over TLS [default: 0.0.0.0:8443 where there is a certificate]
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "MADANG_HTTPS",
        default_value_if("tls_cert", ArgPredicate::IsPresent, "0.0.0.0:8443"),
        value_parser = listen
    )]
    pub https: Option<Listen>,
    /// Conformance suites only: MQTT without any authentication, on loopback
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "MADANG_MQTT_UNPROTECTED",
        default_value = "off",
        value_parser = listen
    )]
    pub mqtt_unprotected: Listen,
}

fn listen(text: &str) -> Result<Listen, String> {
    if text == "off" {
        return Ok(Listen::Off);
    }
    let address = text
        .parse()
        .ok()
        .or_else(|| text.to_socket_addrs().ok()?.next());
    address.map(Listen::On).ok_or_else(|| {
        format!("{text:?} is no ADDR:PORT, as 0.0.0.0:1883 or [::1]:1883, nor `off`")
    })
}

impl Listeners {
    pub(super) fn check(&self, has_certificate: bool) -> Result<(), ConfigError> {
        let secure = [
            ("mqtts", self.mqtts),
            ("wss", self.wss),
            ("https", self.https),
        ];
        for (listener, listen) in secure {
            if !has_certificate && matches!(listen, Some(Listen::On(_))) {
                return Err(ConfigError::NoCertificate { listener });
            }
        }
        if let Listen::On(address) = self.mqtt_unprotected
            && !address.ip().is_loopback()
        {
            return Err(ConfigError::UnprotectedAddress(address));
        }
        let plain = [
            self.mqtt,
            self.ws,
            self.coap,
            self.http,
            self.mqtt_unprotected,
        ];
        let mut all = plain
            .into_iter()
            .chain(secure.into_iter().filter_map(|it| it.1));
        if all.all(|listen| listen == Listen::Off) {
            return Err(ConfigError::Silent);
        }
        Ok(())
    }
}
