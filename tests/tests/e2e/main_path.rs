//! A reading becomes durable, queryable and live, through every door.

use domain::payload::ContentFormat;
use domain::{Quality, Timestamp, Value};
use sdk::api::{
    AggregateQuery, ApiCredential, Bearer, LatestFilter, NewApplication, ObservationQuery,
    StreamEvent, StreamQuery,
};
use tests::test_device::{coap_post, now};
use tests::{BareClient, TestDevice, TestPlatform, eventually};

fn number(value: &Option<Value>) -> f64 {
    match value {
        Some(Value::Number(number)) => *number,
        other => panic!("{other:?} is no number"),
    }
}

#[test]
fn a_reading_over_each_transport_is_stored_and_served() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");

    let mut mqtt = device.connect(platform.address("mqtt"));
    let payload = br#"{"t":"2026-05-01T09:00:00+09:00","v":{"pm25":12.1,"pm10":30}}"#;
    mqtt.publish(&device.topic(), 1, payload).unwrap();
    assert_eq!(mqtt.read().unwrap().id(), 1);

    let senml = br#"[{"bt":1777593660,"n":"pm25","u":"ug/m3","v":13.5}]"#;
    let body = device.signed(1, 1, senml);
    let (code, answer) = coap_post(platform.address("coap"), "air-1", 7, &body);
    assert_eq!(code, 0x44, "2.04 {answer:?}");
    let key = platform
        .anonymous()
        .platform()
        .unwrap()
        .receipt_key()
        .unwrap();
    let receipt = sdk::coap::verify_receipt(&answer, key, &body).unwrap();
    assert_eq!(receipt.offset.get(), 2);

    let token = device.token();
    let compact = br#"{"t":"2026-05-01T00:02:00Z","v":{"pm25":14.25}}"#;
    let http = platform.anonymous().send_telemetry(
        &device.id,
        Bearer::Jwt(&token),
        ContentFormat::CompactJson,
        compact,
    );
    assert_eq!(http.unwrap().offset.get(), 3);

    let api = platform.anonymous();
    let pm25 = device.datastream(&api, "pm25");
    let stored = api
        .observations(pm25, &ObservationQuery::default())
        .collect_all()
        .unwrap();
    let values: Vec<f64> = stored.iter().map(|o| number(&o.value)).collect();
    assert_eq!(values, [12.1, 13.5, 14.25]);
    let offsets: Vec<u64> = stored.iter().map(|o| o.offset.get()).collect();
    assert_eq!(offsets, [1, 2, 3]);
    let first = Timestamp::parse("2026-05-01T00:00:00Z").unwrap();
    assert_eq!(stored[0].phenomenon_time, first);
    let path = format!("/v1/datastreams/{pm25}/observations");
    let items = platform.get_json(&path);
    let assurance = |at: usize| items["items"][at]["assurance"].clone();
    assert_eq!(
        [assurance(0), assurance(1), assurance(2)],
        ["key", "signed-message", "key"]
    );

    let query = AggregateQuery {
        datastreams: vec![pm25],
        bucket: "5m".to_owned(),
        functions: ["avg", "min", "max", "count"].map(String::from).to_vec(),
        from: Some(first),
        to: Some(Timestamp::from_micros(first.as_micros() + 300_000_000)),
        ..AggregateQuery::default()
    };
    let buckets = api.aggregate(&query).unwrap().items;
    assert_eq!(buckets.len(), 1);
    assert_eq!(buckets[0].values["count"], Some(3.0));
    assert_eq!(buckets[0].values["max"], Some(14.25));
    // The order of the sum is the store's: the last digits may differ.
    let mean = buckets[0].values["avg"].unwrap();
    assert!((mean - (12.1 + 13.5 + 14.25) / 3.0).abs() < 1e-12, "{mean}");
}

#[test]
fn the_public_sees_the_coarse_position_and_the_operator_the_exact_one() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    mqtt.publish(&device.topic(), 1, br#"{"pm25": 12}"#)
        .unwrap();
    mqtt.read().unwrap();

    let place = |api: sdk::api::ApiClient| {
        let mut latest = api.latest(&LatestFilter::default());
        latest.next().unwrap().unwrap().location.unwrap()
    };
    let public = place(platform.anonymous());
    assert_eq!((public.lat, public.lon), (37.5665, 126.9775));
    let exact = place(platform.operator());
    assert_eq!((exact.lat, exact.lon), (37.566_412_3, 126.977_968_9));
}

#[test]
fn what_is_implausible_is_marked_and_what_cannot_be_read_is_quarantined() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    let mixed: &[&[u8]] = &[
        br#"{"pm25": 99999}"#,
        br#"{"pm25": "high", "pm10": 30}"#,
        b"not a payload",
        br#"{"t":"2026-05-01T09:00:00","v":{"pm25": 1}}"#,
        br#"{"wind": 3.5}"#,
    ];
    for (id, payload) in (1..).zip(mixed) {
        mqtt.publish(&device.topic(), id, payload).unwrap();
        assert_eq!(mqtt.read().unwrap().id(), id, "MQTT 3.1.1 acknowledges all");
    }
    let api = platform.anonymous();
    let pm25 = device.datastream(&api, "pm25");
    let stored = api
        .observations(pm25, &ObservationQuery::default())
        .collect_all()
        .unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].quality, Quality::Uncertain);
    let wind = device.datastream(&api, "wind");
    let wind = platform.get_json(&format!("/v1/datastreams/{wind}"));
    assert_eq!(wind["extra"], true, "kept, and marked");

    let quarantine = platform.get_json("/v1/devices/air-1/quarantine");
    let items = quarantine["items"].as_array().unwrap();
    assert_eq!(items.len(), 3, "{quarantine}");
    assert_eq!(items[0]["rejections"][0]["code"], "wrong-type");
    assert!(items[1]["unreadable"]["message"].is_string());
    assert_eq!(items[2]["rejections"][0]["code"], "time-without-offset");
}

#[test]
fn a_stream_goes_from_history_into_the_present_and_resumes() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    let mut send = |id: u16| {
        let payload = format!("{{\"pm25\": {id}}}");
        mqtt.publish(&device.topic(), id, payload.as_bytes())
            .unwrap();
        mqtt.read().unwrap();
    };
    (1..=5).for_each(&mut send);
    let query = StreamQuery {
        from_offset: Some(domain::Offset::new(1)),
        ..StreamQuery::default()
    };
    let mut stream = platform.anonymous().stream(&query).unwrap();
    let next = |stream: &mut sdk::api::EventStream| match stream.next().unwrap().unwrap() {
        StreamEvent::Frame(frame) => (frame.offset.get(), number(&frame.observations[0].value)),
        StreamEvent::Gap(gap) => panic!("a gap: {gap:?}"),
    };
    for id in 1..=5u16 {
        assert_eq!(next(&mut stream), (u64::from(id), f64::from(id)));
    }
    send(6);
    assert_eq!(next(&mut stream), (6, 6.0));
    drop(stream);
    send(7);
    let resumed = StreamQuery {
        after: Some(domain::Offset::new(6)),
        ..StreamQuery::default()
    };
    let mut stream = platform.anonymous().stream(&resumed).unwrap();
    assert_eq!(next(&mut stream), (7, 7.0));
}

#[test]
fn an_application_subscribes_to_the_open_topics_with_its_key() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    mqtt.publish(&device.topic(), 1, br#"{"pm25": 12}"#)
        .unwrap();
    mqtt.read().unwrap();

    let application = NewApplication {
        name: "Air today".to_owned(),
        contact: "dev@example.com".to_owned(),
    };
    let created = platform
        .anonymous()
        .create_application(&application)
        .unwrap();
    let mut subscriber = BareClient::open(platform.address("mqtt")).unwrap();
    assert_eq!(
        subscriber.connect("app", "me", &created.key.key).unwrap(),
        0
    );
    // The latest value is seen at once: retained messages are a view of it.
    eventually("the first value is applied", || {
        let latest = platform.anonymous().latest(&LatestFilter::default());
        latest.collect_all().unwrap().pop()
    });
    assert_eq!(
        subscriber
            .subscribe("open/seoul/safety/air/+/pm25")
            .unwrap(),
        1
    );
    let seen = subscriber.read().unwrap();
    assert_eq!(seen.first & 0xf1, 0x31, "retained: {seen:?}");

    mqtt.publish(&device.topic(), 2, br#"{"pm25": 13.5}"#)
        .unwrap();
    mqtt.read().unwrap();
    let live = subscriber.read().unwrap();
    let text = String::from_utf8_lossy(&live.body).into_owned();
    assert!(text.contains("open/seoul/safety/air/air-1/pm25"), "{text}");
    let json = &text[text.find('{').unwrap()..];
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(json["v"], 13.5);
    assert_eq!(json["unit"], "ug/m3");
    assert_eq!(json["offset"], 2);

    // Nothing beside the open topics, and nothing may be published.
    for filter in ["#", "devices/+/telemetry", "+/seoul/#", "$SYS/#"] {
        assert_eq!(subscriber.subscribe(filter).unwrap(), 0x80, "{filter}");
    }
    let browser = platform.client(ApiCredential::Bearer(created.key.key));
    assert!(browser.latest(&LatestFilter::default()).next().is_some());
}

#[test]
fn everything_is_there_after_a_clean_stop() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &tests::Start::default());
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    for id in 1..=100u16 {
        let payload = format!(
            "{{\"t\": {}, \"v\": {{\"pm25\": {id}}}}}",
            1_777_593_600 + u32::from(id)
        );
        mqtt.publish(&device.topic(), id, payload.as_bytes())
            .unwrap();
        mqtt.read().unwrap();
    }
    platform.stop();
    let platform = TestPlatform::on(&data, &tests::Start::default());
    let api = platform.anonymous();
    let pm25 = device.datastream(&api, "pm25");
    let stored = api
        .observations(pm25, &ObservationQuery::default())
        .collect_all()
        .unwrap();
    assert_eq!(stored.len(), 100);
    let newest = api
        .latest(&LatestFilter::default())
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(number(&newest.value), 100.0);
    assert!(newest.result_time <= now().ceil_to_millis());
}
