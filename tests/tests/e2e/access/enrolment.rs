//! A device enrols over MQTT with the credential of its batch, and comes back
//! with its own key.

use std::time::Duration;

use rumqttc::v5;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Packet, PubAckReason, Publish, PublishProperties, SubscribeReasonCode,
};
use serde_json::{Value, json};
use tests::test_device::{AGENCY, make_agency};
use tests::{BareClient, TestDevice, TestPlatform, eventually};

const SUBACK_REFUSED: u8 = 0x80;
const TOPIC: &str = "devices/a12-1/enrol";

/// An operator's request; its answer.
fn ask(platform: &TestPlatform, method: &str, path: &str, body: &Value) -> Value {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", platform.url()))
        .header("authorization", format!("Bearer {}", platform.token()))
        .header("content-type", "application/json");
    let request = request.body(body.to_string()).unwrap();
    let text = ureq::run(request).unwrap().body_mut().read_to_string();
    serde_json::from_str(&text.unwrap()).unwrap_or_default()
}

/// A batch of Seoul for ids that begin with `a12-`; its answer.
pub(crate) fn batch(platform: &TestPlatform) -> Value {
    make_agency(&platform.operator());
    let new = json!({"agency": AGENCY, "model": "safety.air", "id_prefix": "a12-",
        "devices": 10, "expires": "2027-11-01T00:00:00Z"});
    ask(platform, "POST", "/v1/batches", &new)
}

pub(crate) fn enrolment_of(device: &TestDevice) -> Vec<u8> {
    let key = device.registration("safety.air").keys;
    let keys: Vec<Value> = key
        .iter()
        .map(|key| json!({"alg": key.alg, "public_key": key.public_key}))
        .collect();
    json!({"keys": keys}).to_string().into_bytes()
}

/// What comes until the acknowledgement: messages, and the reason code.
fn until_acknowledged(connection: &mut v5::Connection) -> (Vec<Publish>, PubAckReason) {
    let mut messages = Vec::new();
    loop {
        let event = connection.recv_timeout(Duration::from_secs(30)).unwrap();
        match event.expect("the connection stands") {
            v5::Event::Incoming(Packet::Publish(publish)) => messages.push(publish),
            v5::Event::Incoming(Packet::PubAck(ack)) => return (messages, ack.reason),
            _ => {}
        }
    }
}

/// Each other message is acknowledged with the reason why it is refused.
fn opens_nothing_else(client: &v5::Client, connection: &mut v5::Connection, device: &TestDevice) {
    let (refused, unreadable) = (
        PubAckReason::NotAuthorized,
        PubAckReason::PayloadFormatInvalid,
    );
    for (topic, payload, refusal) in [
        (
            "devices/a12-1/telemetry",
            br#"{"pm25": 12}"#.to_vec(),
            refused,
        ),
        ("devices/b12-1/enrol", enrolment_of(device), refused),
        (
            TOPIC,
            enrolment_of(&TestDevice::unregistered("a12-1")),
            refused,
        ),
        (TOPIC, b"{".to_vec(), unreadable),
        (TOPIC, vec![b' '; 9_000], unreadable),
    ] {
        client
            .publish(topic, QoS::AtLeastOnce, false, payload)
            .unwrap();
        let (_, reason) = until_acknowledged(connection);
        assert_eq!(reason, refusal, "{topic}");
    }
}

#[test]
fn a_device_changes_its_batchs_credential_for_its_own_key() {
    let platform = TestPlatform::start();
    let made = batch(&platform);
    let credential = made["credential"].as_str().unwrap();
    let device = TestDevice::unregistered("a12-1");
    let mqtt = platform.address("mqtt");
    let mut options = v5::MqttOptions::new("a12-1", mqtt.ip().to_string(), mqtt.port());
    options.set_credentials("batch", credential);
    let (client, mut connection) = v5::Client::new(options, 10);
    client
        .subscribe("devices/a12-1/enrolled", QoS::AtMostOnce)
        .unwrap();
    client.subscribe("devices/#", QoS::AtMostOnce).unwrap();
    let mut granted = Vec::new();
    while granted.len() < 2 {
        let event = connection.recv_timeout(Duration::from_secs(30)).unwrap();
        if let v5::Event::Incoming(Packet::SubAck(ack)) = event.unwrap() {
            granted.extend(ack.return_codes);
        }
    }
    assert!(matches!(granted[0], SubscribeReasonCode::Success(_)));
    assert_eq!(granted[1], SubscribeReasonCode::NotAuthorized);

    let properties = PublishProperties {
        response_topic: Some("devices/a12-1/enrolled".to_owned()),
        correlation_data: Some("first".into()),
        ..PublishProperties::default()
    };
    client
        .publish_with_properties(
            TOPIC,
            QoS::AtLeastOnce,
            false,
            enrolment_of(&device),
            properties,
        )
        .unwrap();
    let (answers, reason) = until_acknowledged(&mut connection);
    assert_eq!((answers.len(), reason), (1, PubAckReason::Success));
    let answer: Value = serde_json::from_slice(&answers[0].payload).unwrap();
    assert_eq!(
        (&answer["device"], &answer["agency"]),
        (&json!("a12-1"), &json!(AGENCY))
    );
    let told = answers[0].properties.as_ref().unwrap();
    assert_eq!(told.correlation_data.as_deref(), Some(b"first".as_slice()));

    opens_nothing_else(&client, &mut connection, &device);
    let path = format!("/v1/batches/{}", made["batch"]["id"].as_str().unwrap());
    assert_eq!(platform.get_json("/v1/batches")["items"][0]["enrolled"], 1);

    // With its own key it is a device as others are.
    let mut itself = device.connect(mqtt);
    itself
        .publish(&device.topic(), 1, br#"{"pm25": 12}"#)
        .unwrap();
    assert_eq!(itself.read().unwrap().kind(), 4);

    // Who still waits with the credential is out when it is revoked.
    ask(&platform, "DELETE", &path, &Value::Null);
    let mut events = std::iter::from_fn(|| connection.recv_timeout(Duration::from_secs(30)).ok());
    assert!(events.any(|event| event.is_err()));
    let code = BareClient::open(mqtt)
        .unwrap()
        .connect("x", "batch", credential);
    assert_ne!(code.unwrap(), 0);
}

/// It is told on the topic that it listens on: an acknowledgement has no reason.
#[test]
fn a_device_of_mqtt_3_reads_the_answer() {
    let platform = TestPlatform::start();
    let credential = batch(&platform)["credential"].as_str().unwrap().to_owned();
    let mut client = BareClient::open(platform.address("mqtt")).unwrap();
    assert_eq!(client.connect("a12-1", "batch", &credential).unwrap(), 0);
    assert_eq!(client.subscribe("open/#").unwrap(), SUBACK_REFUSED);
    assert_eq!(client.subscribe("devices/a12-1/enrolled").unwrap(), 1);
    let device = TestDevice::unregistered("a12-1");
    let mut enrol = |id: u16, body: &[u8]| {
        client.publish(TOPIC, id, body).unwrap();
        let (answer, acknowledged) = (client.read().unwrap(), client.read().unwrap());
        assert_eq!(
            (answer.kind(), acknowledged.kind(), acknowledged.id()),
            (3, 4, id)
        );
        let topic = 2 + "devices/a12-1/enrolled".len();
        let payload = answer.body[topic..].to_vec();
        serde_json::from_slice::<Value>(&payload).unwrap()
    };
    let refused = enrol(1, br#"{"keys": []}"#);
    assert_eq!(
        (&refused["status"], &refused["code"]),
        (&json!(400), &json!("key-missing"))
    );
    assert_eq!(
        enrol(2, &enrolment_of(&device))["telemetry"],
        device.topic()
    );
    // Its answer may have been lost.
    assert_eq!(
        enrol(3, &enrolment_of(&device))["telemetry"],
        device.topic()
    );
    eventually("it is there", || {
        let known = platform.get_json("/v1/devices/a12-1");
        (known["status"] == "active").then_some(())
    });
}
