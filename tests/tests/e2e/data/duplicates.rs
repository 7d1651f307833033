//! Identity is (datastream, time): sent again it is counted, changed it is a revision.

use domain::Value;
use sdk::api::ObservationQuery;
use tests::{TestDevice, TestPlatform, eventually};

#[test]
fn the_same_again_is_acknowledged_and_another_value_is_the_next_revision() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    let payload = |value: f64| format!("{{\"t\": 1777593600, \"v\": {{\"pm25\": {value}}}}}");
    for (id, value) in (1..).zip([10.0, 10.0, 11.0, 11.0, 12.0]) {
        // Receipts are whole milliseconds: each has one of its own.
        std::thread::sleep(std::time::Duration::from_millis(2));
        mqtt.publish(&device.topic(), id, payload(value).as_bytes())
            .unwrap();
        assert_eq!(mqtt.read().unwrap().id(), id);
    }
    let api = platform.anonymous();
    let pm25 = device.datastream(&api, "pm25");
    let all = |query: &ObservationQuery| api.observations(pm25, query).collect_all().unwrap();
    let newest = all(&ObservationQuery::default());
    assert_eq!(newest.len(), 1, "no answer shows two");
    assert_eq!(newest[0].value, Some(Value::Number(12.0)));
    assert_eq!(newest[0].revision, 2);
    let as_of = ObservationQuery {
        as_of: Some(domain::Timestamp::from_micros(
            newest[0].result_time.as_micros() - 1,
        )),
        ..ObservationQuery::default()
    };
    assert_eq!(all(&as_of)[0].value, Some(Value::Number(11.0)), "both stay");
}

#[test]
fn a_resent_message_without_a_time_is_recognised_by_its_dup_flag() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    let packet = tests::BareClient::publish_packet(&device.topic(), 1, br#"{"pm25": 10}"#);
    let mut again = packet.clone();
    again[0] |= 0x08;
    mqtt.send(&packet).unwrap();
    mqtt.read().unwrap();
    drop(mqtt);
    let mut mqtt = device.connect(platform.address("mqtt"));
    mqtt.send(&again).unwrap();
    mqtt.read().unwrap();
    let api = platform.anonymous();
    let pm25 = device.datastream(&api, "pm25");
    let stored = eventually("it is applied", || {
        let stored = api.observations(pm25, &ObservationQuery::default());
        let stored = stored.collect_all().unwrap();
        (!stored.is_empty()).then_some(stored)
    });
    assert_eq!(stored.len(), 1);
}
