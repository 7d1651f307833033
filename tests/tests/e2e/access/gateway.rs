//! A gateway publishes for its own children and for nobody else, and a child's
//! observations say through whom they came.

use std::process::Command;

use domain::{DeviceId, Value};
use sdk::api::{Frame, ObservationQuery, StreamEvent, StreamQuery};
use tests::bare_client::Packet;
use tests::test_device::make_agency;
use tests::{BareClient, TestDevice, TestPlatform, binary, eventually};

const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
/// Of a SUBACK.
const GRANTED: u8 = 1;
const DENIED: u8 = 0x80;

/// A device behind a gateway, with a key of its own.
fn child(platform: &TestPlatform, id: &str, gateway: &TestDevice) -> TestDevice {
    let device = TestDevice::unregistered(id);
    let mut registration = device.registration("safety.air");
    registration.gateway = Some(gateway.id.clone());
    make_agency(&platform.operator());
    platform.operator().register_device(&registration).unwrap();
    device
}

fn gateway(platform: &TestPlatform, id: &str) -> TestDevice {
    TestDevice::register(platform, id, "safety.air")
}

fn topic(gateway: &TestDevice, child: &DeviceId, class: &str) -> String {
    format!("devices/{}/children/{child}/{class}", gateway.id)
}

/// Publishes for a child and waits for the PUBACK.
fn send(mqtt: &mut BareClient, gateway: &TestDevice, child: &TestDevice, payload: &str) {
    let topic = topic(gateway, &child.id, "telemetry");
    mqtt.publish(&topic, 1, payload.as_bytes()).unwrap();
    assert_eq!(mqtt.read().unwrap().kind(), PUBACK);
}

/// A publish without a right is acknowledged without effect; that nothing is
/// stored of it, each test looks at the end.
fn assert_denied(
    mqtt: &mut BareClient,
    platform: &TestPlatform,
    gateway: &TestDevice,
    topic: &str,
) {
    let denied = |reason: &str| {
        let events = platform.operator().device_events(&gateway.id, None);
        let events = events.collect_all().unwrap();
        let here =
            |it: &&sdk::api::Event| it.kind == "publish-denied" && it.reason.contains(reason);
        events.iter().filter(here).count()
    };
    mqtt.publish(topic, 7, br#"{"pm25": 666}"#).unwrap();
    let answer = mqtt.read().unwrap();
    assert_eq!((answer.kind(), answer.id()), (PUBACK, 7), "{topic}");
    let named = topic.split('/').nth(3).unwrap_or(topic);
    assert!(denied(named) > 0, "{topic} is not for it");
}

/// What it wrote of a child's pm25, each with its flags.
fn stored(platform: &TestPlatform, child: &TestDevice) -> Vec<(f64, serde_json::Value)> {
    let pm25 = child.datastream(&platform.operator(), "pm25");
    let page = platform.get_json(&format!("/v1/datastreams/{pm25}/observations"));
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| (item["value"].as_f64().unwrap(), item["flags"].clone()))
        .collect()
}

fn first_frame(api: &sdk::api::ApiClient) -> Frame {
    let query = StreamQuery {
        from_offset: Some(domain::Offset::new(1)),
        ..StreamQuery::default()
    };
    match api.stream(&query).unwrap().next().unwrap().unwrap() {
        StreamEvent::Frame(frame) => frame,
        StreamEvent::Gap(gap) => panic!("a gap: {gap:?}"),
    }
}

#[test]
fn a_childs_observations_are_its_own_and_say_through_whom() {
    let platform = TestPlatform::start();
    let gateway = gateway(&platform, "gw");
    let child = child(&platform, "air-1", &gateway);
    let mut mqtt = gateway.connect(platform.address("mqtt"));
    // A SenML name of the child's own is the child's.
    send(
        &mut mqtt,
        &gateway,
        &child,
        r#"[{"n":"air-1:pm25","u":"ug/m3","v":13.5}]"#,
    );
    let mut own = child.connect(platform.address("mqtt"));
    own.publish(&child.topic(), 1, br#"{"pm25": 14}"#).unwrap();
    own.read().unwrap();

    let kept = stored(&platform, &child);
    assert_eq!(
        kept[0],
        (13.5, serde_json::json!(["time_assigned", "gateway"]))
    );
    assert_eq!(kept[1], (14.0, serde_json::json!(["time_assigned"])));
    let frame = first_frame(&platform.operator());
    assert_eq!(frame.device, "air-1");
    assert_eq!(frame.gateway.as_deref(), Some("gw"), "the operator is told");
    assert_eq!(frame.observations[0].value, Some(Value::Number(13.5)));
    assert_eq!(first_frame(&platform.anonymous()).gateway, None);
    // The gateway's own topic is still its own.
    mqtt.publish(&gateway.topic(), 2, br#"{"pm25": 1}"#)
        .unwrap();
    assert_eq!(mqtt.read().unwrap().kind(), PUBACK);
    assert_eq!(stored(&platform, &gateway).len(), 1);
}

#[test]
fn a_child_that_is_added_without_a_credential_is_spoken_for() {
    let platform = TestPlatform::start();
    let gateway = gateway(&platform, "gw");
    let added = Command::new(binary::madang())
        .args(["device", "add", "child-1", "--agency", "seoul"])
        .args(["--model", "safety.air", "--gateway", "gw"])
        .args(["--url", &platform.url(), "--token", &platform.token()])
        .output()
        .unwrap();
    assert!(added.status.success(), "{added:?}");
    let child = TestDevice::unregistered("child-1");
    let shown = platform.operator().device(&child.id).unwrap();
    assert!(shown.credentials.is_empty());
    let mut mqtt = gateway.connect(platform.address("mqtt"));
    send(&mut mqtt, &gateway, &child, r#"{"pm25": 7}"#);
    assert_eq!(stored(&platform, &child)[0].0, 7.0);
}

#[test]
fn a_gateway_has_no_right_beyond_its_own_children() {
    let platform = TestPlatform::start();
    let gateway = gateway(&platform, "gw");
    let child = child(&platform, "air-1", &gateway);
    let stranger = TestDevice::register(&platform, "air-2", "safety.air");
    let mut mqtt = gateway.connect(platform.address("mqtt"));
    for denied in [
        topic(&gateway, &stranger.id, "telemetry"),
        topic(&gateway, &gateway.id, "telemetry"),
        topic(&gateway, &child.id, "telemetry/more"),
        topic(&gateway, &child.id, "rejects"),
        // Not on the child's own topic either: that one says that nobody was
        // between.
        child.topic(),
    ] {
        assert_denied(&mut mqtt, &platform, &gateway, &denied);
    }
    // And nobody else on the gateway's.
    let mut other = stranger.connect(platform.address("mqtt"));
    let of_child = topic(&gateway, &child.id, "telemetry");
    assert_denied(&mut other, &platform, &stranger, &of_child);

    for (filter, answer) in [
        (topic(&gateway, &child.id, "rejects"), GRANTED),
        ("devices/gw/children/+/rejects".to_owned(), GRANTED),
        (topic(&gateway, &stranger.id, "rejects"), DENIED),
        (topic(&stranger, &child.id, "rejects"), DENIED),
        ("devices/gw/children/#".to_owned(), DENIED),
        ("devices/gw/children/+/telemetry".to_owned(), DENIED),
        ("devices/air-1/rejects".to_owned(), DENIED),
    ] {
        assert_eq!(mqtt.subscribe(&filter).unwrap(), answer, "{filter}");
    }
    assert!(stored(&platform, &child).is_empty());
}

#[test]
fn what_was_refused_is_told_to_the_child_and_to_the_gateway_that_it_came_through() {
    let platform = TestPlatform::start();
    let gateway = gateway(&platform, "gw");
    let child = child(&platform, "air-1", &gateway);
    let mut listening = gateway.connect(platform.address("mqtt"));
    let filter = "devices/gw/children/+/rejects";
    assert_eq!(listening.subscribe(filter).unwrap(), GRANTED);
    let mut own = child.connect(platform.address("mqtt"));
    assert_eq!(own.subscribe("devices/air-1/rejects").unwrap(), GRANTED);

    // What the child sends itself is told to the child alone, so the gateway's
    // first message is of the second fault.
    own.publish(&child.topic(), 7, br#"{"pm25": "first"}"#)
        .unwrap();
    let told_first = until(&mut own, PUBLISH);
    let faulty = br#"{"pm25": "second"}"#;
    let through = topic(&gateway, &child.id, "telemetry");
    listening.publish(&through, 8, faulty).unwrap();
    let told_gateway = until(&mut listening, PUBLISH);
    let told_child = until(&mut own, PUBLISH);
    let text = |packet: &Packet| String::from_utf8_lossy(&packet.body).into_owned();
    assert!(text(&told_first).contains("devices/air-1/rejects"));
    assert!(text(&told_child).contains("devices/air-1/rejects"));
    let text = text(&told_gateway);
    assert!(text.contains("devices/gw/children/air-1/rejects"), "{text}");
    assert!(text.contains("\"offset\":2"), "{text}");
}

/// The next packet of a kind.
fn until(mqtt: &mut BareClient, kind: u8) -> Packet {
    loop {
        let packet = mqtt.read().unwrap();
        if packet.kind() == kind {
            return packet;
        }
    }
}

#[test]
fn rights_follow_the_registry_on_standing_connections() {
    let platform = TestPlatform::start();
    let operator = platform.operator();
    let (first, second) = (gateway(&platform, "gw-1"), gateway(&platform, "gw-2"));
    let child = child(&platform, "air-1", &first);
    let mut one = first.connect(platform.address("mqtt"));
    let mut two = second.connect(platform.address("mqtt"));
    send(&mut one, &first, &child, r#"{"pm25": 1}"#);
    let to_second = serde_json::json!({"gateway": "gw-2"});
    operator.patch_device(&child.id, &to_second).unwrap();
    send(&mut two, &second, &child, r#"{"pm25": 2}"#);
    let of_child = topic(&first, &child.id, "telemetry");
    assert_denied(&mut one, &platform, &first, &of_child);

    // A child that is registered while its gateway is connected.
    let late = self::child(&platform, "air-2", &second);
    send(&mut two, &second, &late, r#"{"pm25": 3}"#);
    operator.revoke_device(&late.id).unwrap();
    let of_late = topic(&second, &late.id, "telemetry");
    assert_denied(&mut two, &platform, &second, &of_late);
    send(&mut two, &second, &child, r#"{"pm25": 4}"#);
    operator.revoke_device(&second.id).unwrap();
    assert!(
        two.read().is_err(),
        "a revoked gateway publishes for nobody"
    );
    let kept = stored(&platform, &child);
    let values: Vec<f64> = kept.iter().map(|(value, _)| *value).collect();
    assert_eq!(values, [1.0, 2.0, 4.0]);
}

#[test]
fn a_resent_message_is_recognised_for_each_child_apart() {
    let platform = TestPlatform::start();
    let gateway = gateway(&platform, "gw");
    let children = ["air-1", "air-2"].map(|id| child(&platform, id, &gateway));
    let mut mqtt = gateway.connect(platform.address("mqtt"));
    let payload = br#"{"pm25": 10}"#;
    // The first child's twice, then the second's: marked as sent before, and
    // yet the first of its own.
    for (child, dup) in [(0, 0), (0, 0x08), (1, 0x08)] {
        let topic = topic(&gateway, &children[child].id, "telemetry");
        let mut packet = BareClient::publish_packet(&topic, 1, payload);
        packet[0] |= dup;
        mqtt.send(&packet).unwrap();
        assert_eq!(mqtt.read().unwrap().kind(), PUBACK);
    }
    for child in &children {
        let pm25 = child.datastream(&platform.operator(), "pm25");
        let kept = eventually("it is applied", || {
            let all = platform
                .operator()
                .observations(pm25, &ObservationQuery::default());
            let all = all.collect_all().unwrap();
            (!all.is_empty()).then_some(all)
        });
        assert_eq!(kept.len(), 1, "{}", child.id);
    }
}

/// CONNECT of MQTT 3.1.1 with a will of QoS 1; gives the CONNACK's return code.
fn connect_with_will(mqtt: &mut BareClient, gateway: &TestDevice, topic: &str, will: &str) -> u8 {
    let mut body = Vec::new();
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
        out.extend_from_slice(text.as_bytes());
    };
    text(&mut body, "MQTT");
    body.extend_from_slice(&[4, 0b1100_1110, 0, 60]);
    let id = gateway.id.as_str();
    for part in [id, topic, will, id, &gateway.token()] {
        text(&mut body, part);
    }
    let (low, high) = (body.len() % 128, body.len() / 128);
    let length = [
        u8::try_from(low).unwrap() | 0x80,
        u8::try_from(high).unwrap(),
    ];
    mqtt.send(&[&[0x10], length.as_slice(), &body].concat())
        .unwrap();
    mqtt.read().unwrap().body[1]
}

#[test]
fn a_will_speaks_for_a_child_and_for_no_stranger() {
    let platform = TestPlatform::start();
    let gateway = gateway(&platform, "gw");
    let child = child(&platform, "air-1", &gateway);
    let stranger = TestDevice::register(&platform, "air-2", "safety.air");
    let will = r#"{"pm25": 99}"#;
    let of_child = topic(&gateway, &child.id, "telemetry");
    let mut mqtt = BareClient::open(platform.address("mqtt")).unwrap();
    assert_eq!(connect_with_will(&mut mqtt, &gateway, &of_child, will), 0);
    drop(mqtt);
    let kept = eventually("the will is stored", || {
        let kept = stored(&platform, &child);
        (!kept.is_empty()).then_some(kept)
    });
    assert_eq!(kept[0].0, 99.0);

    let of_stranger = topic(&gateway, &stranger.id, "telemetry");
    let mut mqtt = BareClient::open(platform.address("mqtt")).unwrap();
    let code = connect_with_will(&mut mqtt, &gateway, &of_stranger, will);
    assert_eq!(code, 0, "let in, without its will");
    drop(mqtt);
    // The will of the child's, after that one's time.
    let mut mqtt = BareClient::open(platform.address("mqtt")).unwrap();
    assert_eq!(connect_with_will(&mut mqtt, &gateway, &of_child, will), 0);
    drop(mqtt);
    eventually("the second will is stored", || {
        (stored(&platform, &child).len() == 2).then_some(())
    });
    assert!(stored(&platform, &stranger).is_empty());
}
