//! Network management: is a device connected, from where, how, how busily, and
//! what went wrong last.

use std::process::Command;

use sdk::api::DeviceConnection;
use tests::{BareClient, TestDevice, TestPlatform, binary, eventually};

fn connection(platform: &TestPlatform, device: &TestDevice) -> DeviceConnection {
    platform.operator().device_connection(&device.id).unwrap()
}

#[test]
fn a_connection_is_told_while_it_stands_and_how_it_ended() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let never = connection(&platform, &device);
    assert!(!never.connected && never.last_error.is_none());
    assert!(never.since.is_none() && never.message_rate.is_none());

    let mut mqtt = device.connect(platform.address("mqtt"));
    for id in 1..=5 {
        mqtt.publish(&device.topic(), id, br#"{"pm25": 1}"#)
            .unwrap();
        mqtt.read().unwrap();
    }
    let standing = connection(&platform, &device);
    assert!(standing.connected);
    assert_eq!(standing.listener.as_deref(), Some("mqtt"));
    assert_eq!(standing.protocol.as_deref(), Some("3.1.1"));
    assert_eq!(standing.client_id.as_deref(), Some("air-1"));
    assert_eq!(standing.keep_alive, Some(60));
    assert_eq!(standing.session_expiry, Some(0), "a clean session");
    assert_eq!(standing.assurance.as_deref(), Some("key"));
    assert_eq!(standing.messages_in, Some(5));
    assert!(standing.address.unwrap().starts_with("127.0.0.1:"));
    assert!(standing.since.is_some() && standing.last_seen.is_some());

    let rate = standing.message_rate.unwrap();
    assert!(rate > 0.0, "five messages within the last minute: {rate}");

    drop(mqtt);
    let ended = eventually("the end is seen", || {
        let now = connection(&platform, &device);
        (!now.connected && now.last_disconnect.is_some()).then_some(now)
    });
    assert_eq!(ended.address, None);
    let disconnect = ended.last_disconnect.unwrap();
    assert_eq!(disconnect.kind, "disconnected");
    assert_ne!(disconnect.reason, "");
}

#[test]
fn the_last_error_has_its_cure_and_stays_after_a_later_success() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let impostor = TestDevice::unregistered("air-1");
    let mut refused = BareClient::open(platform.address("mqtt")).unwrap();
    let code = refused
        .connect("air-1", "air-1", &impostor.token())
        .unwrap();
    assert_ne!(code, 0);
    let error = eventually("the refusal is seen", || {
        connection(&platform, &device).last_error
    });
    assert_eq!(error.kind, "refused");
    assert!(error.reason.contains("signature"), "{}", error.reason);
    assert_ne!(error.cure, "");

    let _mqtt = device.connect(platform.address("mqtt"));
    let now = connection(&platform, &device);
    assert!(now.connected);
    assert_eq!(
        now.last_error.map(|error| error.sequence),
        Some(error.sequence)
    );
    let unknown = TestDevice::unregistered("nobody");
    let status = platform.operator().device_connection(&unknown.id);
    assert_eq!(status.unwrap_err().status(), Some(404));
}

#[test]
fn the_command_line_shows_it_with_the_gateways() {
    let platform = TestPlatform::start();
    let gateway = TestDevice::register(&platform, "gw", "safety.air");
    let child = TestDevice::unregistered("air-1");
    let mut registration = child.registration("safety.air");
    registration.gateway = Some(gateway.id.clone());
    platform.operator().register_device(&registration).unwrap();
    let _mqtt = gateway.connect(platform.address("mqtt"));
    let shown = |id: &str| {
        let output = Command::new(binary::madang())
            .args(["device", "connection", id, "--url", &platform.url()])
            .args(["--token", &platform.token()])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let of_gateway = shown("gw");
    assert!(of_gateway.contains("connected       yes"), "{of_gateway}");
    assert!(of_gateway.contains("assurance       key"), "{of_gateway}");
    let of_child = shown("air-1");
    assert!(of_child.contains("connected       no"), "{of_child}");
    assert!(
        of_child.contains("gateway         gw, connected since 20"),
        "{of_child}"
    );
}

#[test]
fn metrics_count_refusals_and_ends_by_listener_and_reason() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let impostor = TestDevice::unregistered("air-1");
    for (login, token) in [("air-1", impostor.token()), ("nobody", impostor.token())] {
        let mut mqtt = BareClient::open(platform.address("mqtt")).unwrap();
        assert_ne!(mqtt.connect("air-1", login, &token).unwrap(), 0);
    }
    let mut mqtt = device.connect(platform.address("mqtt"));
    mqtt.send(&[0xe0, 0]).unwrap();
    assert!(mqtt.read().is_err(), "DISCONNECT ends it");
    for line in [
        r#"madang_logins_refused_total{listener="mqtt",reason="bad-credentials"} 1"#,
        r#"madang_logins_refused_total{listener="mqtt",reason="unknown-device"} 1"#,
        r#"madang_disconnects_total{listener="mqtt",reason="goodbye"} 1"#,
        r#"madang_agency_connects_total{agency="seoul"} 1"#,
        r#"madang_agency_connections{agency="seoul"} 0"#,
    ] {
        eventually(line, || {
            let metrics = platform.operator().metrics().unwrap();
            metrics.lines().any(|one| one == line).then_some(())
        });
    }
}
