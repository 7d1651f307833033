//! Programs that nobody here wrote: mosquitto's and libcoap's clients, rumqttc.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use domain::Value;
use sdk::api::{LatestFilter, NewApplication, ObservationQuery};
use tests::peers::look_for;
use tests::{TestDevice, TestPlatform, eventually};

fn only_value(platform: &TestPlatform, device: &TestDevice) -> Option<Value> {
    let api = platform.anonymous();
    let pm25 = device.datastream(&api, "pm25");
    let stored = api.observations(pm25, &ObservationQuery::default());
    let stored = stored.collect_all().unwrap();
    assert_eq!(stored.len(), 1);
    stored[0].value.clone()
}

#[test]
fn mosquitto_pub_publishes_in_both_versions() {
    let Some(mosquitto_pub) = look_for("mosquitto_pub") else {
        return;
    };
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let port = platform.address("mqtt").port().to_string();
    for (version, value) in [("311", 12.5), ("5", 13.5)] {
        let payload = format!("{{\"t\":1777593600,\"v\":{{\"pm25\":{value}}}}}");
        let status = Command::new(&mosquitto_pub)
            .args(["-h", "127.0.0.1", "-p", &port, "-V", version, "-q", "1"])
            .args(["-i", "air-1", "-u", "air-1", "-P", &device.token()])
            .args(["-t", &device.topic(), "-m", &payload])
            .status()
            .unwrap();
        assert!(status.success(), "version {version}");
        assert_eq!(only_value(&platform, &device), Some(Value::Number(value)));
    }
}

#[test]
fn mosquitto_sub_receives_live_observations_with_a_key() {
    let Some(mosquitto_sub) = look_for("mosquitto_sub") else {
        return;
    };
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let application = NewApplication {
        name: "watcher".to_owned(),
        contact: "dev@example.com".to_owned(),
    };
    let key = platform
        .anonymous()
        .create_application(&application)
        .unwrap()
        .key
        .key;
    let port = platform.address("mqtt").port().to_string();
    let mut child = Command::new(mosquitto_sub)
        .args(["-h", "127.0.0.1", "-p", &port, "-u", "me", "-P", &key])
        .args(["-t", "open/#", "-v", "-C", "1", "-W", "50"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut mqtt = device.connect(platform.address("mqtt"));
    let seen = std::thread::spawn(move || lines.next());
    // Published again until the subscription stands.
    for id in 1..=500u16 {
        let payload = format!("{{\"pm25\": {id}}}");
        mqtt.publish(&device.topic(), id, payload.as_bytes())
            .unwrap();
        mqtt.read().unwrap();
        if seen.is_finished() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let line = seen.join().unwrap().unwrap().unwrap();
    assert!(
        line.starts_with("open/seoul/safety/air/air-1/pm25 {"),
        "{line}"
    );
    assert!(child.wait().unwrap().success());
}

#[test]
fn libcoap_posts_a_signed_message() {
    let Some(client) = look_for("coap-client-notls") else {
        return;
    };
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body.cose");
    let senml = br#"[{"bt":1777593600,"n":"pm25","u":"ug/m3","v":12.5}]"#;
    std::fs::write(&file, device.signed(1, 1, senml)).unwrap();
    let url = format!(
        "coap://{}/devices/air-1/telemetry",
        platform.address("coap")
    );
    let output = Command::new(client)
        .args(["-v", "6", "-B", "20", "-m", "post", "-t", "18", "-f"])
        .arg(&file)
        .arg(&url)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("2.04"), "{said}");
    assert_eq!(only_value(&platform, &device), Some(Value::Number(12.5)));
}

#[test]
fn rumqttc_publishes_and_is_acknowledged() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mqtt = platform.address("mqtt");
    let mut options = rumqttc::MqttOptions::new("air-1", mqtt.ip().to_string(), mqtt.port());
    options.set_credentials("air-1", device.token());
    let (client, mut connection) = rumqttc::Client::new(options, 10);
    let payload = br#"{"t":1777593600,"v":{"pm25":12.5}}"#;
    client
        .publish(
            device.topic(),
            rumqttc::QoS::AtLeastOnce,
            false,
            payload.as_slice(),
        )
        .unwrap();
    let acknowledged = connection.iter().take(50).any(|event| {
        let event = event.expect("the connection stands");
        matches!(event, rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_)))
    });
    assert!(acknowledged);
    assert_eq!(only_value(&platform, &device), Some(Value::Number(12.5)));
    let latest = eventually("it is the latest", || {
        platform.anonymous().latest(&LatestFilter::default()).next()
    });
    assert_eq!(latest.unwrap().value, Some(Value::Number(12.5)));
}
