//! Source networks in CIDR form, as `10.20.0.0/16`, to which a password may be
//! bound.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks that one password may name.
pub(crate) const MAX_NETWORKS: usize = 16;

/// Why a text is not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network: an address and a prefix length, as 10.20.0.0/16")]
pub struct NetworkError(String);

/// An address and how many of its leading bits count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    pub(crate) fn parse(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError(text.chars().take(64).collect());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(width);
        if prefix > width {
            return Err(wrong());
        }
        Ok(Self { address, prefix })
    }

    /// An IPv4 peer on a dual-stack socket comes as `::ffff:a.b.c.d`, and is
    /// the same peer.
    pub(crate) fn contains(self, peer: IpAddr) -> bool {
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(peer)) => {
                let (network, peer) = (v4_bits(network), v4_bits(peer));
                leading_bits_agree(network, peer, self.prefix)
            }
            (IpAddr::V6(network), IpAddr::V6(peer)) => {
                leading_bits_agree(v6_bits(network), v6_bits(peer), self.prefix)
            }
            _ => false,
        }
    }
}

/// In the upper bits, so that both families compare alike.
fn v4_bits(address: Ipv4Addr) -> u128 {
    u128::from(address.to_bits()) << 96
}

fn v6_bits(address: Ipv6Addr) -> u128 {
    address.to_bits()
}

fn leading_bits_agree(left: u128, right: u128, count: u32) -> bool {
    (left ^ right).leading_zeros() >= count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn membership() {
        for (network, peer, inside) in [
            ("10.20.0.0/16", "10.20.255.1", true),
            ("10.20.0.0/16", "10.21.0.1", false),
            ("10.20.0.0/16", "::ffff:10.20.0.9", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ] {
            let contains = Network::parse(network)
                .unwrap()
                .contains(peer.parse().unwrap());
            assert_eq!(contains, inside, "{network} {peer}");
        }
        for bad in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/-1",
            "x/8",
        ] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}
