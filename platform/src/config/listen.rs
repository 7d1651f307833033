//! Where a listener listens.

use std::net::{SocketAddr, ToSocketAddrs};

/// An address, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    On(SocketAddr),
    Off,
}

#[derive(Debug, thiserror::Error)]
#[error("--{listener} {text:?} is no ADDR:PORT, as 0.0.0.0:1883 or [::1]:1883, nor `off`")]
pub struct ListenError {
    listener: &'static str,
    text: String,
}

impl Listen {
    pub(super) fn parse(
        listener: &'static str,
        given: Option<&str>,
        usual: &str,
    ) -> Result<Self, ListenError> {
        let text = given.unwrap_or(usual);
        if text == "off" {
            return Ok(Self::Off);
        }
        let address = text
            .parse()
            .ok()
            .or_else(|| text.to_socket_addrs().ok()?.next());
        address.map(Self::On).ok_or_else(|| ListenError {
            listener,
            text: text.to_owned(),
        })
    }

    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Self::On(address) => Some(address),
            Self::Off => None,
        }
    }
}
