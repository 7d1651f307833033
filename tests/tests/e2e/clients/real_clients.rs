//! Clients that others wrote and that people use, each with what it does best:
//! mosquitto's tools, rumqttc, Paho for Python, MQTT.js in a browser.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use domain::Value;
use sdk::api::{NewApplication, ObservationQuery};
use serde_json::json;
use tests::peers::{look_below_the_project, look_for};
use tests::{PATIENCE, Start, TestDevice, TestPlatform};

const WS: [&str; 2] = ["--ws", "127.0.0.1:0"];
const UNPROTECTED: [&str; 2] = ["--mqtt-unprotected", "127.0.0.1:0"];

fn platform_with(flags: [&str; 2]) -> TestPlatform {
    TestPlatform::start_with(&Start {
        flags: flags.map(str::to_owned).to_vec(),
        ..Start::default()
    })
}

fn values(platform: &TestPlatform, device: &TestDevice) -> Vec<f64> {
    let api = platform.anonymous();
    let pm25 = device.datastream(&api, "pm25");
    let stored = api.observations(pm25, &ObservationQuery::default());
    stored
        .collect_all()
        .unwrap()
        .into_iter()
        .map(|observation| match observation.value {
            Some(Value::Number(value)) => value,
            other => panic!("not a number: {other:?}"),
        })
        .collect()
}

fn numbers(count: u16) -> Vec<f64> {
    (1..=count).map(f64::from).collect()
}

fn key(platform: &TestPlatform) -> String {
    let application = NewApplication {
        name: "follower".to_owned(),
        contact: "dev@example.com".to_owned(),
    };
    let made = platform.anonymous().create_application(&application);
    made.unwrap().key.key
}

fn expect_success(output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
}

#[test]
fn paho_for_python_speaks_both_versions_over_both_transports() {
    let Some(python) = look_below_the_project("target/peers/paho/bin/python") else {
        return;
    };
    let platform = platform_with(WS);
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let peer = json!({
        "host": "127.0.0.1",
        "mqtt": platform.address("mqtt").port(),
        "ws": platform.address("ws").port(),
        "device": device.id.as_str(),
        "token": device.token(),
        "key": key(&platform),
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/clients/paho_client.py");
    let output = Command::new(python)
        .arg(script)
        .arg(peer.to_string())
        .output();
    expect_success(&output.unwrap());
    assert_eq!(values(&platform, &device), numbers(14));
}

#[test]
fn mqtt_js_publishes_and_follows_in_a_browser() {
    let (Some(node), Some(chromium)) = (look_for("node"), look_for("chromium")) else {
        return;
    };
    let Some(modules) = look_below_the_project("web/node_modules/mqtt") else {
        return;
    };
    let platform = platform_with(WS);
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let peer = json!({
        "ws": format!("ws://{}/mqtt", platform.address("ws")),
        "api": platform.url(),
        "device": device.id.as_str(),
        "token": device.token(),
    });
    let web = modules.join("../..");
    let output = Command::new(node)
        .arg("test/mqtt-js.mjs")
        .arg(peer.to_string())
        .current_dir(web)
        .env("MADANG_CHROMIUM", chromium)
        .output();
    expect_success(&output.unwrap());
    assert_eq!(values(&platform, &device), numbers(6));
}

#[test]
fn mosquitto_pub_delivers_exactly_once_in_both_versions() {
    let Some(mosquitto_pub) = look_for("mosquitto_pub") else {
        return;
    };
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let port = platform.address("mqtt").port().to_string();
    for (version, value) in [("311", 1), ("5", 2)] {
        let payload = format!(
            "{{\"t\":{},\"v\":{{\"pm25\":{value}}}}}",
            1_777_593_600 + value
        );
        let status = Command::new(&mosquitto_pub)
            .args(["-h", "127.0.0.1", "-p", &port, "-V", version, "-q", "2"])
            .args(["-i", "air-1", "-u", "air-1", "-P", &device.token()])
            .args(["-t", &device.topic(), "-m", &payload])
            .status();
        assert!(status.unwrap().success(), "version {version}");
    }
    assert_eq!(values(&platform, &device), numbers(2));
}

/// QoS 2 to a subscriber, what is retained, and a will: the unprotected
/// listener keeps no log, and clients are each other's peers.
#[test]
fn mosquittos_clients_talk_to_each_other() {
    let (Some(mosquitto_pub), Some(mosquitto_sub)) =
        (look_for("mosquitto_pub"), look_for("mosquitto_sub"))
    else {
        return;
    };
    let platform = platform_with(UNPROTECTED);
    let port = platform.address("mqtt-unprotected").port().to_string();
    for version in ["311", "5"] {
        let at = ["-h", "127.0.0.1", "-p", &port, "-V", version];
        let retained = format!("retained/{version}");
        let publish = |topic: &str, payload: &str, more: &[&str]| {
            let status = Command::new(&mosquitto_pub)
                .args(at)
                .args(["-q", "2", "-t", topic, "-m", payload])
                .args(more)
                .status();
            assert!(status.unwrap().success(), "version {version}: {topic}");
        };
        publish(&retained, "kept", &["-r"]);
        // Topic, QoS, retain flag and payload of each message.
        let mut watcher = Running(
            Command::new(&mosquitto_sub)
                .args(at)
                .args(["-q", "2", "-F", "%t %q %r %p", "-C", "3", "-W", "50"])
                .args(["-t", &retained, "-t", "live/#", "-t", "wills"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let lines = lines_of(watcher.0.stdout.take().unwrap());
        let next = || lines.recv_timeout(PATIENCE).expect("a message comes");
        assert_eq!(next(), format!("{retained} 2 1 kept"));
        // What is retained came, so all of the subscriptions stand.
        publish("live/한국", "17.5", &[]);
        assert_eq!(next(), "live/한국 2 0 17.5");
        let mut mortal = Running(
            Command::new(&mosquitto_sub)
                .args(at)
                .args(["-t", &retained, "--will-topic", "wills"])
                .args(["--will-qos", "2", "--will-payload", "killed"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let greeted = lines_of(mortal.0.stdout.take().unwrap()).recv_timeout(PATIENCE);
        assert_eq!(greeted.as_deref(), Ok("kept"));
        drop(mortal);
        assert_eq!(next(), "wills 2 0 killed");
        assert!(watcher.0.wait().unwrap().success());
    }
}

/// A program that ends with the test, by SIGKILL.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // An error says that it has ended before.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn lines_of(output: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

#[test]
fn rumqttc_delivers_exactly_once_in_both_versions() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mqtt = platform.address("mqtt");
    let payload = |value| {
        format!(
            "{{\"t\":{},\"v\":{{\"pm25\":{value}}}}}",
            1_777_593_600 + value
        )
    };

    let mut options = rumqttc::MqttOptions::new("air-1", mqtt.ip().to_string(), mqtt.port());
    options.set_credentials("air-1", device.token());
    let (client, mut connection) = rumqttc::Client::new(options, 10);
    let qos = rumqttc::QoS::ExactlyOnce;
    client
        .publish(device.topic(), qos, false, payload(1))
        .unwrap();
    let completed = std::iter::from_fn(|| connection.recv_timeout(Duration::from_secs(30)).ok())
        .any(|event| {
            let event = event.expect("the connection stands");
            matches!(event, rumqttc::Event::Incoming(rumqttc::Packet::PubComp(_)))
        });
    assert!(completed);
    client.disconnect().unwrap();

    use rumqttc::v5;
    use rumqttc::v5::mqttbytes::v5::Packet;
    let mut options = v5::MqttOptions::new("air-1", mqtt.ip().to_string(), mqtt.port());
    options.set_credentials("air-1", device.token());
    let (client, mut connection) = v5::Client::new(options, 10);
    let qos = v5::mqttbytes::QoS::ExactlyOnce;
    client
        .publish(device.topic(), qos, false, payload(2))
        .unwrap();
    let completed = std::iter::from_fn(|| connection.recv_timeout(Duration::from_secs(30)).ok())
        .any(|event| {
            let event = event.expect("the connection stands");
            matches!(event, v5::Event::Incoming(Packet::PubComp(_)))
        });
    assert!(completed);
    assert_eq!(values(&platform, &device), numbers(2));
}
