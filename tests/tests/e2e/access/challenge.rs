//! MQTT 5's enhanced authentication: a device without a clock signs what the
//! platform asks it to.

use std::net::SocketAddr;

use sdk::{CHALLENGE_BYTES, CHALLENGE_METHOD, DeviceKey, answer_challenge};
use tests::bare_client::Packet;
use tests::test_device::AUDIENCE;
use tests::{BareClient, TestDevice, TestPlatform};

const CONNACK: u8 = 2;
const AUTH: u8 = 15;
/// "Continue authentication".
const CONTINUE: u8 = 0x18;
const BAD_LOGIN: u8 = 0x86;
const BAD_METHOD: u8 = 0x8c;

fn text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
    out.extend_from_slice(text);
}

/// The authentication method, and its data where there are any.
fn properties(method: &str, data: Option<&[u8]>) -> Vec<u8> {
    let mut properties = vec![0x15];
    text(&mut properties, method.as_bytes());
    if let Some(data) = data {
        properties.push(0x16);
        text(&mut properties, data);
    }
    properties.insert(0, u8::try_from(properties.len()).unwrap());
    properties
}

/// A packet of less than 128 bytes.
fn short(first: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap();
    assert!(length < 128);
    [&[first, length], body].concat()
}

fn connect(mqtt: SocketAddr, id: &str, method: &str) -> (BareClient, Packet) {
    let mut client = BareClient::open(mqtt).unwrap();
    let mut body = Vec::new();
    text(&mut body, b"MQTT");
    // MQTT 5, a user name, a clean start, a keep-alive of 60 s.
    body.extend_from_slice(&[5, 0b1000_0010, 0, 60]);
    body.extend_from_slice(&properties(method, None));
    text(&mut body, id.as_bytes());
    text(&mut body, id.as_bytes());
    client.send(&short(0x10, &body)).unwrap();
    let answer = client.read().unwrap();
    (client, answer)
}

/// The nonce of a challenge.
fn nonce(answer: &Packet) -> [u8; CHALLENGE_BYTES] {
    assert_eq!((answer.kind(), answer.body[0]), (AUTH, CONTINUE));
    let all = &answer.body;
    let begins = [properties(CHALLENGE_METHOD, None).len() + 1, 3];
    let at: usize = begins.iter().sum();
    assert_eq!(all[at - 3..at], [0x16, 0, CHALLENGE_BYTES as u8]);
    all[at..at + CHALLENGE_BYTES].try_into().unwrap()
}

fn respond(client: &mut BareClient, signature: &[u8]) -> Packet {
    let mut body = vec![CONTINUE];
    body.extend_from_slice(&properties(CHALLENGE_METHOD, Some(signature)));
    client.send(&short(0xf0, &body)).unwrap();
    client.read().unwrap()
}

fn sign(key: &DeviceKey, id: &str, nonce: &[u8; CHALLENGE_BYTES]) -> [u8; 64] {
    let id = domain::DeviceId::new(id).unwrap();
    answer_challenge(key, &id, AUDIENCE, nonce)
}

#[test]
fn a_device_without_a_clock_answers_a_challenge() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let (mut client, challenge) = connect(platform.address("mqtt"), "air-1", CHALLENGE_METHOD);
    let signature = sign(&device.key, "air-1", &nonce(&challenge));
    let answer = respond(&mut client, &signature);
    assert_eq!((answer.kind(), answer.body[1]), (CONNACK, 0));
    // An MQTT 5 PUBLISH has properties before its payload: none.
    let payload = [&[0], br#"{"t":1777593600,"v":{"pm25":12.5}}"#.as_slice()].concat();
    client.publish(&device.topic(), 1, &payload).unwrap();
    let acknowledged = client.read().unwrap();
    assert_eq!((acknowledged.kind(), acknowledged.id()), (4, 1));
    let stored = platform.anonymous().observations(
        device.datastream(&platform.anonymous(), "pm25"),
        &sdk::api::ObservationQuery::default(),
    );
    assert_eq!(stored.collect_all().unwrap().len(), 1);
}

#[test]
fn a_wrong_answer_and_an_unknown_device_are_told_the_same() {
    let platform = TestPlatform::start();
    let mqtt = platform.address("mqtt");
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let stranger = TestDevice::unregistered("air-2");
    // A stranger's key, and a right answer to another challenge.
    let (mut client, challenge) = connect(mqtt, "air-1", CHALLENGE_METHOD);
    let first = nonce(&challenge);
    let answer = respond(&mut client, &sign(&stranger.key, "air-1", &first));
    assert_eq!((answer.kind(), answer.body[1]), (CONNACK, BAD_LOGIN));
    let (mut client, challenge) = connect(mqtt, "air-1", CHALLENGE_METHOD);
    assert_ne!(nonce(&challenge), first);
    let answer = respond(&mut client, &sign(&device.key, "air-1", &first));
    assert_eq!((answer.kind(), answer.body[1]), (CONNACK, BAD_LOGIN));
    // Nobody learns from a challenge who is registered.
    let (mut client, challenge) = connect(mqtt, "air-2", CHALLENGE_METHOD);
    let answer = respond(
        &mut client,
        &sign(&stranger.key, "air-2", &nonce(&challenge)),
    );
    assert_eq!((answer.kind(), answer.body[1]), (CONNACK, BAD_LOGIN));
}

#[test]
fn another_method_is_not_offered() {
    let platform = TestPlatform::start();
    TestDevice::register(&platform, "air-1", "safety.air");
    let (_, answer) = connect(platform.address("mqtt"), "air-1", "SCRAM-SHA-1");
    assert_eq!((answer.kind(), answer.body[1]), (CONNACK, BAD_METHOD));
    let refused = platform.get_json("/v1/devices/air-1/events").to_string();
    assert!(refused.contains("SCRAM-SHA-1"), "{refused}");
}
