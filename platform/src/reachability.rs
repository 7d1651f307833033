//! How a listener's bound address is reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};

/// Nobody connects to "any address"; on this machine loopback stands for it.
pub(crate) fn reachable(bound: IpAddr) -> IpAddr {
    match bound {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    }
}

/// An address that works from another machine too where one listens on all:
/// the one from which this machine would speak to the world. No packet is sent;
/// the addresses are those of documentation (RFC 5737, RFC 3849).
pub(crate) fn outward(bound: IpAddr) -> IpAddr {
    if !bound.is_unspecified() {
        return bound;
    }
    let world = match bound {
        IpAddr::V4(_) => "192.0.2.1:9",
        IpAddr::V6(_) => "[2001:db8::1]:9",
    };
    UdpSocket::bind((bound, 0))
        .and_then(|socket| {
            socket.connect(world)?;
            socket.local_addr()
        })
        .map_or_else(|_| reachable(bound), |address| address.ip())
}

/// Whether who connects to `host` at that port comes to the listener that is
/// bound to `bound`.
pub(crate) fn leads_to(host: &str, port: u16, bound: SocketAddr) -> bool {
    // An IPv6 address in a URL stands in brackets.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let Ok(found) = (host, port).to_socket_addrs() else {
        return false;
    };
    let found: Vec<SocketAddr> = found.collect();
    let here = |ip: IpAddr| ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok();
    let same = |ip: IpAddr| ip == bound.ip() || (bound.ip().is_unspecified() && here(ip));
    // A name may stand for several: somebody else may listen on another.
    port == bound.port() && !found.is_empty() && found.iter().all(|address| same(address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_machine_leads_to_what_listens_on_all() {
        let all: SocketAddr = "0.0.0.0:8080".parse().unwrap();
        let one: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        for (host, port, bound, leads) in [
            ("127.0.0.1", 8080, one, true),
            ("127.0.0.1", 8081, one, false),
            ("127.0.0.2", 8080, one, false),
            ("127.0.0.2", 8080, all, true),
            // Of documentation: nobody's.
            ("192.0.2.1", 8080, all, false),
            ("[::1]", 8080, "[::1]:8080".parse().unwrap(), true),
        ] {
            assert_eq!(leads_to(host, port, bound), leads, "{host}:{port} {bound}");
        }
        assert!(!outward(all.ip()).is_unspecified());
        assert_eq!(outward(one.ip()), one.ip());
        assert_eq!(reachable(all.ip()), one.ip());
    }
}
