//! Which proxies are believed.

use super::*;

fn headers(forwarded: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-forwarded-for", forwarded.parse().unwrap());
    headers
}

#[test]
fn only_a_trusted_proxy_is_believed() {
    let proxies: TrustedProxies = "10.0.0.0/8, ::1".parse().unwrap();
    let said = headers("1.1.1.1, 2.2.2.2, 10.9.9.9");
    let stranger = "9.9.9.9:1".parse().unwrap();
    assert_eq!(proxies.client(stranger, &said).to_string(), "9.9.9.9");
    let proxy = "10.0.0.1:1".parse().unwrap();
    assert_eq!(proxies.client(proxy, &said).to_string(), "2.2.2.2");
    assert_eq!(
        proxies
            .client("[::1]:1".parse().unwrap(), &headers("bogus"))
            .to_string(),
        "::1"
    );
    assert_eq!(
        TrustedProxies::default().client(proxy, &said).to_string(),
        "10.0.0.1"
    );
}

#[test]
fn a_network_that_cannot_be_is_refused() {
    for bad in ["10.0.0.0/33", "x", "::/129", "1.2.3.4/-1"] {
        assert!(bad.parse::<TrustedProxies>().is_err(), "{bad}");
    }
    let all: TrustedProxies = "::/0".parse().unwrap();
    assert!(all.trusts("9.9.9.9".parse().unwrap()));
    let v4: TrustedProxies = "0.0.0.0/0".parse().unwrap();
    assert!(v4.trusts("9.9.9.9".parse().unwrap()));
    assert!(!v4.trusts("2001:db8::1".parse().unwrap()));
}
