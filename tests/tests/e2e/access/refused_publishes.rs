//! What a device may not publish: acknowledged without effect, told with its
//! true reason and cure, kept as a reject where the topic is its own. The
//! connection stays, and what comes after it gets through.

use domain::{DeviceId, Timestamp};
use sdk::api::{Event, NewApplication, ObservationQuery};
use tests::bare_client::Packet;
use tests::test_device::{make_agency, now};
use tests::{BareClient, TestDevice, TestPlatform};

const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
const PM25: &[u8] = br#"{"pm25": 12}"#;

/// Publishes and waits for the PUBACK; gives what is delivered meanwhile.
fn publish(mqtt: &mut BareClient, topic: &str, id: u16, payload: &[u8]) -> Vec<Packet> {
    mqtt.publish(topic, id, payload).unwrap();
    let mut delivered = Vec::new();
    loop {
        let packet = mqtt.read().unwrap();
        if packet.kind() == PUBACK {
            assert_eq!(packet.id(), id);
            return delivered;
        }
        delivered.push(packet);
    }
}

fn events(platform: &TestPlatform, device: &DeviceId, kind: &str) -> Vec<Event> {
    let all = platform.operator().device_events(device, None);
    let mut all = all.collect_all().unwrap();
    all.retain(|event| event.kind == kind);
    all
}

/// The code of each message in quarantine of which nothing was read.
fn quarantined(platform: &TestPlatform, device: &DeviceId) -> Vec<String> {
    let page = platform.get_json(&format!("/v1/devices/{device}/quarantine"));
    let items = page["items"].as_array().unwrap();
    let code = |item: &serde_json::Value| item["unreadable"]["code"].as_str().map(str::to_owned);
    items.iter().filter_map(code).collect()
}

fn stored(platform: &TestPlatform, device: &TestDevice) -> usize {
    let api = platform.operator();
    let pm25 = device.datastream(&api, "pm25");
    let all = api.observations(pm25, &ObservationQuery::default());
    all.collect_all().unwrap().len()
}

#[test]
fn a_mistyped_topic_is_a_reject_and_one_event_that_names_it() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    assert_eq!(mqtt.subscribe("devices/air-1/rejects").unwrap(), 1);
    let mut rejects = Vec::new();
    for id in 1..=20 {
        rejects.extend(publish(&mut mqtt, "devices/air-1/telemetri", id, PM25));
    }
    rejects.extend(publish(&mut mqtt, &device.topic(), 21, PM25));
    let denied = events(&platform, &device.id, "publish-denied");
    assert_eq!(denied.len(), 1, "{denied:?}");
    assert!(denied[0].reason.contains("devices/air-1/telemetri"));
    assert!(denied[0].cure.contains("devices/{id}/telemetry"));
    assert_eq!(quarantined(&platform, &device.id), vec!["topic"; 20]);
    // One for each message, whenever it comes.
    while rejects.len() < 20 {
        rejects.push(mqtt.read().unwrap());
    }
    let reject = &rejects[0];
    assert_eq!(reject.kind(), PUBLISH);
    let text = String::from_utf8_lossy(&reject.body).into_owned();
    assert!(text.contains("topic that is not read"), "{text}");
    assert_eq!(stored(&platform, &device), 1);
}

#[test]
fn a_topic_that_is_nobodys_leaves_an_event_only() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let other = TestDevice::register(&platform, "air-2", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    for (topic, reason) in [
        ("device/air-1/telemetry", "does not begin with devices/"),
        (
            "open/seoul/safety/air/air-1/pm25",
            "does not begin with devices/",
        ),
        ("devices/air-2/telemetry", "another device's topic"),
        ("devices/nobody/telemetry", "another device's topic"),
    ] {
        publish(&mut mqtt, topic, 1, PM25);
        let denied = events(&platform, &device.id, "publish-denied");
        let last = denied.last().unwrap();
        assert!(
            last.reason.contains(topic) && last.reason.contains(reason),
            "{last:?}"
        );
        assert_ne!(last.cure, "");
    }
    assert!(quarantined(&platform, &device.id).is_empty());
    assert_eq!(stored(&platform, &other) + stored(&platform, &device), 0);
    publish(&mut mqtt, &device.topic(), 2, PM25);

    let application = NewApplication {
        name: "rivers".to_owned(),
        contact: "dev@example.com".to_owned(),
    };
    let created = platform
        .anonymous()
        .create_application(&application)
        .unwrap();
    let mut reader = BareClient::open(platform.address("mqtt")).unwrap();
    assert_eq!(reader.connect("app", "app", &created.key.key).unwrap(), 0);
    publish(&mut reader, "open/seoul/safety/air/air-1/pm25", 1, b"{}");
    publish(&mut reader, &device.topic(), 2, PM25);
    assert_eq!(stored(&platform, &device), 1);
}

#[test]
fn a_message_that_is_too_large_is_answered_and_quarantined() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    let large = format!(r#"{{"pm25": 1, "note": "{}"}}"#, "x".repeat(80_000));
    for id in 1..=3 {
        publish(&mut mqtt, &device.topic(), id, large.as_bytes());
    }
    publish(&mut mqtt, &device.topic(), 4, PM25);
    assert_eq!(quarantined(&platform, &device.id), vec!["too-long"; 3]);
    let told = events(&platform, &device.id, "unreadable");
    assert!(
        told[0].reason.contains("a message of 80,0") || told[0].reason.contains("a message of 800"),
        "{told:?}"
    );
    assert!(told[0].cure.contains("fewer observations"));
    assert_eq!(stored(&platform, &device), 1);
}

#[test]
fn a_device_that_expires_is_out_at_once_and_told_so() {
    let platform = TestPlatform::start();
    let idle = TestDevice::register(&platform, "idle", "safety.air");
    let busy = TestDevice::register(&platform, "busy", "safety.air");
    let mut idle_mqtt = idle.connect(platform.address("mqtt"));
    let mut busy_mqtt = busy.connect(platform.address("mqtt"));
    let soon = Timestamp::from_micros(now().as_micros() + 2_000_000);
    let patch = serde_json::json!({"expires": soon.to_string()});
    for device in [&idle, &busy] {
        platform
            .operator()
            .patch_device(&device.id, &patch)
            .unwrap();
    }
    // One message after another, until one is not acknowledged.
    let mut id = 0;
    let last = loop {
        id += 1;
        if busy_mqtt.publish(&busy.topic(), id, PM25).is_err() || busy_mqtt.read().is_err() {
            break now();
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert!(last >= soon, "out before its time");
    assert!(idle_mqtt.read().is_err(), "an idle one is out too");
    let late = now().as_micros() - soon.as_micros();
    // A look a second; the other bound is a busy machine's.
    assert!(late < 10_000_000, "{late} us after its time");
    for device in [&idle, &busy] {
        let kicked = events(&platform, &device.id, "kicked");
        assert_eq!(kicked.len(), 1, "{kicked:?}");
        assert!(
            kicked[0].reason.contains("registration expired at"),
            "{kicked:?}"
        );
        assert!(kicked[0].cure.contains("later `expires`"), "{kicked:?}");
    }
}

#[test]
fn a_gateway_stays_when_its_child_expires_or_is_revoked() {
    let platform = TestPlatform::start();
    let gateway = TestDevice::register(&platform, "gw", "safety.air");
    make_agency(&platform.operator());
    let children = ["expires", "revoked", "stays"].map(|id| {
        let child = TestDevice::unregistered(id);
        let mut registration = child.registration("safety.air");
        registration.gateway = Some(gateway.id.clone());
        platform.operator().register_device(&registration).unwrap();
        child
    });
    let topic = |child: &TestDevice| format!("devices/gw/children/{}/telemetry", child.id);
    let mut mqtt = gateway.connect(platform.address("mqtt"));
    assert_eq!(mqtt.subscribe("devices/gw/children/+/rejects").unwrap(), 1);
    for child in &children {
        publish(&mut mqtt, &topic(child), 1, PM25);
    }
    let soon = Timestamp::from_micros(now().as_micros() + 1_500_000);
    let patch = serde_json::json!({"expires": soon.to_string()});
    platform
        .operator()
        .patch_device(&children[0].id, &patch)
        .unwrap();
    platform.operator().revoke_device(&children[1].id).unwrap();
    publish(&mut mqtt, &topic(&children[0]), 2, PM25);
    while now() <= soon {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    for child in &children {
        publish(&mut mqtt, &topic(child), 3, PM25);
    }
    let counts = children.each_ref().map(|child| stored(&platform, child));
    assert_eq!(counts, [2, 1, 2]);
    for (child, reason) in [(&children[0], "expired at"), (&children[1], "is revoked")] {
        assert_eq!(quarantined(&platform, &child.id), ["not-admitted"]);
        let denied = events(&platform, &gateway.id, "publish-denied");
        let told = denied
            .iter()
            .any(|event| event.reason.contains(child.id.as_str()) && event.reason.contains(reason));
        assert!(told, "{denied:?}");
    }
    for kind in ["kicked", "disconnected"] {
        assert!(events(&platform, &gateway.id, kind).is_empty());
    }
}

/// Clients of some makers add to the user name what they are.
#[test]
fn what_stands_after_a_question_mark_in_the_user_name_is_left_out() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = BareClient::open(platform.address("mqtt")).unwrap();
    let user = "air-1?SDK=Metrics&Version=1.2";
    let code = mqtt.connect("air-1", user, &device.token()).unwrap();
    assert_eq!(code, 0);
    publish(&mut mqtt, &device.topic(), 1, PM25);
    let mut wrong = BareClient::open(platform.address("mqtt")).unwrap();
    assert_ne!(wrong.connect("air-1", user, "wrong").unwrap(), 0);
    assert_eq!(
        events(&platform, &device.id, "refused").len(),
        1,
        "it is known whose"
    );
}
