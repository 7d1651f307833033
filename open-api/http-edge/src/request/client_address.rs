//! Where a request comes from, behind proxies or not.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::http::HeaderMap;

/// Networks of proxies that are believed, as `10.0.0.0/8,::1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    /// IPv4 is kept as its mapped form.
    base: u128,
    prefix: u32,
}

/// Why a text is no list of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network: write 10.0.0.0/8 or 2001:db8::/32, several with commas")]
pub struct NetworkError(String);

impl FromStr for TrustedProxies {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| network(part).ok_or_else(|| NetworkError(part.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn network(text: &str) -> Option<Network> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.unwrap_or(longest);
    (prefix <= longest).then(|| Network {
        base: bits(address),
        prefix: prefix + 128 - longest,
    })
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

impl TrustedProxies {
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = bits(address);
        self.0.iter().any(|network| {
            let shift = 128 - network.prefix;
            shift == 128 || (address ^ network.base) >> shift == 0
        })
    }

    /// The caller's address: the peer's, or the last address of
    /// `X-Forwarded-For` that is no trusted proxy, if the peer is one.
    pub(crate) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.ip().to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let mut client = peer;
        for hop in forwarded.into_iter().rev() {
            let Ok(address) = hop.parse::<IpAddr>() else {
                break;
            };
            client = address.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    /// What a trusted proxy says of the scheme that the caller used.
    pub(crate) fn forwarded_scheme<'a>(
        &self,
        peer: SocketAddr,
        headers: &'a HeaderMap,
    ) -> Option<&'a str> {
        if !self.trusts(peer.ip().to_canonical()) {
            return None;
        }
        match headers.get("x-forwarded-proto")?.to_str().ok()? {
            "https" => Some("https"),
            "http" => Some("http"),
            _ => None,
        }
    }
}

/// What a quota counts as one address: an IPv6 caller owns its whole /64.
pub fn quota_address(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let kept = u128::from(v6) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(kept))
        }
    }
}

#[cfg(test)]
mod tests;
