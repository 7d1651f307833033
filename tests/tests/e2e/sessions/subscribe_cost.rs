//! A SUBSCRIBE as long as a packet may be, on a platform with hundreds of
//! public datastreams: each is looked at once, and others are served meanwhile.

use std::time::{Duration, Instant};

use firmware_sim::load::{self, Devices, LoadConfig, Pace};
use firmware_sim::registration::Platform;
use firmware_sim::wire::Qos;
use sdk::api::NewApplication;
use tests::{BareClient, TestPlatform};

const DEVICES: u32 = 300;
const FIELDS: usize = 3;
/// As many as fit into one packet.
const FILTERS: usize = 7_900;
/// Far above what a turn takes, and far below what 7,900 walks over all
/// datastreams took.
const LONGEST_PING: Duration = Duration::from_secs(5);

/// Each device has sent one message: so many datastreams have a value.
fn publish_all(platform: &TestPlatform) {
    let token = platform.data().join("admin.token");
    let operator = Platform::connect(&platform.url(), &token).unwrap();
    let report = load::run(&LoadConfig {
        mqtt: platform.address("mqtt"),
        connections: DEVICES,
        messages: DEVICES.into(),
        qos: Qos::AtLeastOnce,
        pace: Pace::InFlight(1),
        subscribers: 0,
        fields: FIELDS,
        devices: Devices::Registered(Box::new(operator)),
        server_pid: None,
        threads: 1,
        read_back: true,
    })
    .unwrap();
    assert!(report.is_sound(), "{report}");
}

#[test]
fn the_longest_subscribe_costs_others_little_and_each_datastream_one_look() {
    let platform = TestPlatform::start();
    publish_all(&platform);
    let application = platform
        .operator()
        .create_application(&NewApplication {
            name: "reader".to_owned(),
            contact: "reader@localhost".to_owned(),
        })
        .unwrap();
    let key = application.key.key;
    let connect = |id: &str| {
        let mut client = BareClient::open(platform.address("mqtt")).unwrap();
        assert_eq!(client.connect(id, "reader", &key).unwrap(), 0);
        client
    };
    let (mut greedy, mut other) = (connect("greedy"), connect("other"));
    let packet = BareClient::subscribe_packet(1, std::iter::repeat_n("open/#", FILTERS));
    greedy.send(&packet).unwrap();
    for _ in 0..20 {
        let sent = Instant::now();
        other.send(&[0xC0, 0]).unwrap();
        assert_eq!(other.read().unwrap().kind(), 13);
        assert!(sent.elapsed() < LONGEST_PING, "{:?}", sent.elapsed());
    }
    let suback = greedy.read().unwrap();
    assert_eq!((suback.kind(), suback.body.len()), (9, 2 + FILTERS));
    assert!(suback.body[2..].iter().all(|code| *code == 0));
    let expected = DEVICES as usize * FIELDS;
    for _ in 0..expected {
        // PUBLISH, retained.
        assert_eq!(greedy.read().unwrap().first, 0x31);
    }
    greedy.send(&[0xC0, 0]).unwrap();
    assert_eq!(greedy.read().unwrap().kind(), 13);

    let steps = platform.metric("madang_mqtt_retained_steps_total");
    let turns = platform.metric("madang_mqtt_retained_turns_total");
    let subscribes = platform.metric("madang_mqtt_subscribes_total");
    assert!((subscribes - 1.0).abs() < f64::EPSILON, "{subscribes}");
    // Each device has a few datastreams more than it sent, all of them public.
    assert!(
        steps >= expected as f64 && steps < 20.0 * f64::from(DEVICES),
        "{steps}"
    );
    // At most 128 messages in each.
    assert!(turns >= (expected / 128) as f64, "{turns}");
}
