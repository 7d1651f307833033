//! Load against a broker on a real socket.

#![allow(clippy::unwrap_used)]

mod fake_broker;

use std::collections::{HashMap, HashSet};

use domain::payload::parse;
use domain::{DeviceId, Timestamp};
use fake_broker::FakeBroker;
use firmware_sim::load::{Devices, LoadConfig, Pace, run};
use firmware_sim::wire::Qos;

fn config(broker: &FakeBroker) -> LoadConfig {
    LoadConfig {
        mqtt: broker.address,
        connections: 3,
        messages: 600,
        qos: Qos::AtLeastOnce,
        pace: Pace::InFlight(20),
        subscribers: 0,
        fields: 1,
        devices: Devices::Anonymous,
        server_pid: None,
        threads: 2,
        read_back: true,
    }
}

/// Every device's messages, each with a time of its own.
fn times(broker: &FakeBroker) -> HashMap<String, HashSet<Timestamp>> {
    let mut times: HashMap<String, HashSet<Timestamp>> = HashMap::new();
    for published in broker.published() {
        let mut levels = published.topic.split('/');
        assert_eq!(levels.next(), Some("devices"));
        let device = levels.next().unwrap().to_owned();
        assert_eq!(levels.next(), Some("telemetry"));
        let id = DeviceId::new(&device).unwrap();
        let telemetry = parse(&published.payload, None, &id, Timestamp::from_micros(0)).unwrap();
        let time = telemetry.observations[0].time.unwrap();
        assert!(
            times.entry(device).or_default().insert(time),
            "{time} twice"
        );
    }
    times
}

#[test]
fn every_message_is_sent_once_and_acknowledged_at_each_qos() {
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
        let broker = FakeBroker::start();
        let report = run(&LoadConfig {
            qos,
            ..config(&broker)
        })
        .unwrap();
        assert_eq!(
            (report.messages, report.acknowledged),
            (600, 600),
            "{qos:?}"
        );
        assert!(report.is_sound(), "{:?}", report.faults);
        assert!(report.ack_latency_us.p50 <= report.ack_latency_us.p999);
        assert!(report.readback.is_none());
        let times = times(&broker);
        assert_eq!(times.len(), 3);
        assert!(times.values().all(|times| times.len() == 200));
        assert!(
            broker
                .published()
                .iter()
                .all(|published| published.payload.len() == 108)
        );
    }
}

#[test]
fn a_paced_load_takes_its_time() {
    let broker = FakeBroker::start();
    let report = run(&LoadConfig {
        messages: 60,
        pace: Pace::PerSecond(40.0),
        fields: 3,
        ..config(&broker)
    })
    .unwrap();
    assert!(report.is_sound());
    // 20 messages of each device, the last one 19/40 s after the first.
    assert!(report.seconds > 0.45, "{}", report.seconds);
    assert_eq!(report.rate, Some(40.0));
    assert_eq!(times(&broker).len(), 3);
}

#[test]
fn subscribers_count_what_they_get() {
    let broker = FakeBroker::start();
    let report = run(&LoadConfig {
        subscribers: 2,
        ..config(&broker)
    })
    .unwrap();
    let subscribers = report.subscribers.unwrap();
    assert_eq!((subscribers.received, subscribers.expected), (1_200, 1_200));
}

#[test]
fn a_connection_that_breaks_is_told() {
    let broker = FakeBroker::start();
    broker.break_after(51);
    let report = run(&config(&broker)).unwrap();
    assert!(!report.is_sound());
    assert_eq!(report.acknowledged, 150);
    assert_eq!(report.faults.len(), 3);
}

#[test]
fn the_report_reads_well_as_text_and_json() {
    let broker = FakeBroker::start();
    let report = run(&LoadConfig {
        server_pid: cfg!(target_os = "linux").then(std::process::id),
        ..config(&broker)
    })
    .unwrap();
    let text = report.to_string();
    assert!(text.contains("acknowledged    600 of 600"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(json["acknowledged"], 600);
    assert!(json["ack_latency_us"]["p99"].is_u64());
    if cfg!(target_os = "linux") {
        assert!(json["server"]["peak_kib"].as_u64().unwrap() > 0);
    }
}
