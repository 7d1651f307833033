//! `/v1/devices/{id}/connection`, with a broker that says what the test wants.

use std::sync::Arc;

use domain::{Assurance, DeviceId, Timestamp};
use open_api::{Connections, Names, StandingConnection};
use serde_json::{Value, json};
use text_formats::prometheus::{Exposition, Kind};

use crate::harness::{Platform, Setup};

/// Everybody whose id begins with `on` is connected.
struct Broker;

impl Connections for Broker {
    fn metrics(&self, page: &mut Exposition, names: Names) {
        page.gauge("madang_of_the_broker", "Of the broker", 1);
        if names == Names::Shown {
            page.metric("madang_agency_connections", Kind::Gauge, "Of an agency")
                .sample(&[("agency", "seoul")], 1);
        }
    }

    fn of_device(&self, device: &DeviceId) -> Option<StandingConnection> {
        device
            .as_str()
            .starts_with("on")
            .then(|| StandingConnection {
                since: Timestamp::parse("2026-05-01T09:00:00+09:00").unwrap(),
                peer: "192.0.2.7:49152".parse().unwrap(),
                listener: "mqtts",
                protocol: "5",
                client_id: device.to_string(),
                keep_alive: 60,
                session_expiry: Some(3_600),
                messages_in: 1_200,
                messages_out: 3,
                message_rate: Some(0.25),
                dropped: 1,
                queued: 2,
                assurance: Some(Assurance::Key),
            })
    }
}

fn platform() -> Platform {
    Platform::set_up(Setup {
        connections: Arc::new(Broker),
        ..Setup::default()
    })
}

fn connection(platform: &Platform, id: &str) -> Value {
    let path = format!("/v1/devices/{id}/connection");
    platform.operator("GET", &path, None).expect(200)
}

#[test]
fn a_standing_connection_is_told_whole() {
    let platform = platform();
    platform.public_device("on-1", "traffic.flow");
    assert_eq!(
        connection(&platform, "on-1"),
        json!({
            "device": "on-1", "connected": true, "since": "2026-05-01T00:00:00Z",
            "address": "192.0.2.7:49152", "listener": "mqtts", "protocol": "5",
            "client_id": "on-1", "keep_alive": 60, "session_expiry": 3_600, "assurance": "key",
            "messages_in": 1_200, "messages_out": 3, "message_rate": 0.25, "dropped": 1,
            "queued": 2, "last_seen": null, "gateway": null, "last_disconnect": null,
            "last_error": null
        })
    );
    let device = platform
        .operator("GET", "/v1/devices/on-1", None)
        .expect(200);
    assert_eq!(device["connection"]["keep_alive"], 60);
}

#[test]
fn metrics_name_agencies_to_operators_and_to_who_has_the_token() {
    const AGENCY: &str = "agency=\"seoul\"";
    let platform = Platform::set_up(Setup {
        connections: Arc::new(Broker),
        metrics_token: Some("a-token-for-scrapers"),
        ..Setup::default()
    });
    let with = |token: &str| {
        let bearer = format!("Bearer {token}");
        platform.send(
            "GET",
            "/metrics",
            &[("authorization", bearer.as_str())],
            None,
        )
    };
    let open = platform.get("/metrics").text;
    assert!(open.contains("madang_of_the_broker 1"), "{open}");
    assert!(!open.contains(AGENCY), "{open}");
    for token in [platform.token.as_str(), "a-token-for-scrapers"] {
        assert!(with(token).text.contains(AGENCY));
    }
    // A scraper's mistake is told, and does not pass for fewer figures.
    with("a-token-for-nothing").problem(401, "unauthenticated");
}

#[test]
fn a_device_that_is_away_tells_its_last_error_and_who_is_unknown_is_404() {
    let platform = platform();
    platform.public_device("off-1", "traffic.flow");
    let never = connection(&platform, "off-1");
    assert_eq!(never["connected"], false);
    for name in [
        "since",
        "address",
        "messages_in",
        "message_rate",
        "last_error",
    ] {
        assert_eq!(never[name], Value::Null, "{name}");
    }
    // A wrong password over HTTP is an error of the device's, and no disconnect.
    let wrong = [("authorization", "Basic b2ZmLTE6d3Jvbmc=")];
    let refused = platform.send(
        "POST",
        "/v1/devices/off-1/telemetry",
        &wrong,
        Some(Vec::new()),
    );
    assert_eq!(refused.status, 401);
    let after = connection(&platform, "off-1");
    assert_eq!(after["last_error"]["kind"], "refused");
    assert_eq!(after["last_error"]["listener"], "http");
    assert_ne!(after["last_error"]["cure"], "");
    assert_eq!(after["last_disconnect"], Value::Null);

    platform
        .operator("GET", "/v1/devices/nobody/connection", None)
        .problem(404, "not-found");
    platform
        .get("/v1/devices/off-1/connection")
        .problem(401, "unauthenticated");
}

#[test]
fn a_child_tells_its_gateways_connection() {
    let platform = platform();
    let agency = platform.agency();
    platform.device("on-gw", &agency, "traffic.flow", &json!({}));
    platform.device("off-gw", &agency, "traffic.flow", &json!({}));
    for (child, gateway) in [("child-1", "on-gw"), ("child-2", "off-gw")] {
        platform.device(child, &agency, "traffic.flow", &json!({"gateway": gateway}));
    }
    assert_eq!(
        connection(&platform, "child-1")["gateway"],
        json!({"device": "on-gw", "connected": true, "since": "2026-05-01T00:00:00Z"})
    );
    assert_eq!(
        connection(&platform, "child-2")["gateway"],
        json!({"device": "off-gw", "connected": false, "since": null})
    );
}
