//! Many connections that say nothing: over plain TCP and over TLS they are
//! let in once each, stay, and cost the server little.

use std::time::Duration;

use firmware_sim::load::crowd::idle::{self, IdleConfig, IdleReport};
use firmware_sim::load::crowd::road::{Road, Tls};
use firmware_sim::load::{Devices, Roster};
use firmware_sim::registration::Platform;
use tests::{Start, TestPlatform};

const CROWD: u32 = 500;
/// A silent connection costs 2 KiB plain and 10 KiB over TLS where it is
/// measured on its own; here the first ones also pay for what all share.
const MOST_KIB_EACH: f64 = 40.0;

fn measure(platform: &TestPlatform, road: Road) -> IdleReport {
    let token = platform.data().join("admin.token");
    let operator = Platform::connect(&platform.url(), &token).unwrap();
    idle::run(&IdleConfig {
        road,
        connections: CROWD,
        devices: Devices::Registered(Box::new(operator)),
        roster: Roster::New,
        subscribe: None,
        hold: Duration::ZERO,
        server_pid: Some(platform.pid().cast_unsigned()),
    })
    .unwrap()
}

fn check(report: &IdleReport) {
    assert!(report.is_sound(), "{report}");
    let server = report.server.unwrap();
    assert!(server.kib_each < MOST_KIB_EACH, "{report}");
}

#[test]
fn an_idle_crowd_stands_over_plain_tcp_and_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let flags = [
        ("--mqtts", "127.0.0.1:0"),
        ("--https", "off"),
        ("--tls-cert", cert.to_str().unwrap()),
        ("--tls-key", key.to_str().unwrap()),
    ];
    let platform = TestPlatform::start_with(&Start {
        flags: flags
            .iter()
            .flat_map(|(name, value)| [*name, *value].map(String::from))
            .collect(),
        ..Start::default()
    });
    check(&measure(
        &platform,
        Road {
            mqtt: platform.address("mqtt"),
            tls: None,
        },
    ));
    check(&measure(
        &platform,
        Road {
            mqtt: platform.address("mqtts"),
            tls: Some(Tls::trusting(&cert, "127.0.0.1").unwrap()),
        },
    ));
}
