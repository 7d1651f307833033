//! Links in answers: an origin that is the platform's own, or none.

use crate::harness::{Platform, Setup};
use crate::peer::Peer;

fn next(platform: &Platform, host: &str) -> String {
    let mut peer = Peer::of(platform.address);
    peer.say(format!(
        "GET /v1/models?limit=1 HTTP/1.1\r\nhost: {host}\r\n\r\n"
    ));
    let reply = peer.reply();
    assert_eq!(reply.status, 200, "{host}");
    let page: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    page["next"].as_str().unwrap().to_owned()
}

#[test]
fn a_strangers_host_is_repeated_to_nobody() {
    let platform = Platform::start();
    let own = platform.address.to_string();
    assert!(next(&platform, &own).starts_with(&format!("http://{own}/v1/models?")));
    assert!(next(&platform, "LocalHost:1").starts_with("http://LocalHost:1/v1/"));
    for host in [
        "evil.example",
        "evil.example:80",
        "192.0.2.1:8080",
        "127.0.0.1.evil.example",
        "[::2]:80",
        "localhost:x",
    ] {
        let link = next(&platform, host);
        assert!(link.starts_with("/v1/models?"), "{host}: {link}");
    }
}

#[test]
fn the_public_url_stands_in_for_what_is_not_known() {
    let platform = Platform::set_up(Setup {
        public_url: Some("https://madang.example.kr"),
        ..Setup::default()
    });
    for host in ["evil.example", "Madang.Example.kr"] {
        let link = next(&platform, host);
        assert!(
            link.starts_with("https://madang.example.kr/v1/models?"),
            "{host}: {link}"
        );
    }
    let own = platform.address.to_string();
    assert!(next(&platform, &own).starts_with(&format!("http://{own}/v1/models?")));
}
