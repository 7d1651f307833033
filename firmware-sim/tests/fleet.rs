//! A fleet against a broker and a CoAP server on real sockets.

#![allow(clippy::unwrap_used)]

mod fake_broker;

use std::collections::{HashMap, HashSet};
use std::net::UdpSocket;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use coap_lite::{CoapOption, MessageClass, MessageType, Packet, ResponseType};
use domain::payload::parse;
use domain::{DeviceId, Timestamp};
use fake_broker::FakeBroker;
use firmware_sim::clock::now;
use firmware_sim::fleet::{self, Faults, FleetConfig, FleetReport, SimulatedDevice};
use firmware_sim::registration::key_of;
use firmware_sim::signal::World;

/// Only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

fn devices(count: usize) -> Vec<SimulatedDevice> {
    fleet::plan(3, count)
        .into_iter()
        .map(|planned| SimulatedDevice {
            key: key_of("test", &planned.id),
            planned,
        })
        .collect()
}

/// Runs until `enough` says so, then stops the fleet in order.
fn run(config: FleetConfig, enough: impl Fn() -> bool) -> FleetReport {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
    let stop = async move {
        while !enough() {
            assert!(Instant::now() < deadline, "the fleet did too little");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    runtime.block_on(fleet::run(config, stop)).unwrap()
}

#[test]
fn every_device_logs_in_with_its_key_and_sends_what_can_be_read() {
    let broker = FakeBroker::start();
    let config = FleetConfig {
        interval: Duration::from_millis(200),
        faults: Faults::None,
        ..FleetConfig::demo(World::calm(3), broker.address, None, devices(40))
    };
    let watched = broker.clone();
    let topics = |broker: &FakeBroker| {
        let published = broker.published();
        published
            .iter()
            .map(|p| p.topic.clone())
            .collect::<HashSet<_>>()
            .len()
    };
    let report = run(config, move || topics(&watched) == 40);
    assert_eq!(report.acknowledged, broker.published().len() as u64);
    assert_eq!((report.refused, report.lost), (0, 0));
    let mut last: HashMap<String, Timestamp> = HashMap::new();
    for published in broker.published() {
        let device = published.topic.split('/').nth(1).unwrap().to_owned();
        let id = DeviceId::new(&device).unwrap();
        let read = parse(&published.payload, None, &id, now()).unwrap();
        assert!(
            read.rejections.is_empty() && !read.observations.is_empty(),
            "{device}"
        );
        let time = read.observations[0].time.unwrap();
        assert!((time.as_micros() - now().as_micros()).abs() < 120_000_000);
        assert!(last.insert(device, time).is_none_or(|before| before < time));
    }
    for (client, credentials) in broker.logins() {
        let (user, token) = credentials.unwrap();
        assert_eq!(user, client);
        assert_eq!(token.split('.').count(), 3);
    }
}

/// The device's own count of a message in compact JSON.
fn sequence(payload: &[u8]) -> Option<u64> {
    let id = DeviceId::new("any").unwrap();
    parse(payload, None, &id, now()).unwrap().sequence
}

#[test]
fn what_a_broken_link_did_not_take_is_sent_again() {
    let broker = FakeBroker::start();
    broker.break_after(4);
    // One that counts its messages.
    let counting = devices(20)
        .into_iter()
        .find(|device| device.planned.hash % 10 < 5)
        .unwrap();
    let config = FleetConfig {
        interval: Duration::from_millis(100),
        faults: Faults::None,
        ..FleetConfig::demo(World::calm(3), broker.address, None, vec![counting])
    };
    let taken = |broker: &FakeBroker| -> HashSet<u64> {
        broker
            .published()
            .iter()
            .filter_map(|p| sequence(&p.payload))
            .collect()
    };
    let watched = broker.clone();
    let report = run(config, move || taken(&watched).len() >= 10);
    assert!(broker.logins().len() >= 4);
    let taken = taken(&broker);
    // Each connection took three and lost the fourth: none of those is gone.
    let all: HashSet<u64> = (1..=taken.len() as u64).collect();
    assert_eq!(taken, all);
    assert!(report.acknowledged as usize <= taken.len(), "{report:?}");
    assert_eq!(report.lost, 0);
}

#[test]
fn coap_devices_sign_and_repeat_until_they_are_answered() {
    let broker = FakeBroker::start();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let door = socket.local_addr().unwrap();
    let (seen, requests) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 2_048];
        let mut taken = 0;
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            let request = Packet::from_bytes(&buffer[..length]).unwrap();
            taken += 1;
            // The first datagram is lost.
            if taken > 1 {
                let mut answer = Packet::new();
                answer.header.set_type(MessageType::Acknowledgement);
                answer.header.code = MessageClass::Response(ResponseType::Changed);
                answer.header.message_id = request.header.message_id;
                answer.set_token(request.get_token().to_vec());
                let _ = socket.send_to(&answer.to_bytes().unwrap(), peer);
            }
            if seen.send(request).is_err() {
                return;
            }
        }
    });
    let config = FleetConfig {
        interval: Duration::from_millis(200),
        coap_percent: 100,
        faults: Faults::None,
        ..FleetConfig::demo(World::calm(3), broker.address, door, devices(1))
    };
    let collected = std::sync::Mutex::new(Vec::new());
    let report = run(config, || {
        let mut collected = collected.lock().unwrap();
        collected.extend(requests.try_iter());
        collected.len() >= 4
    });
    assert!(report.acknowledged >= 2, "{report:?}");
    let collected = collected.into_inner().unwrap();
    // What was not answered came again, byte for byte.
    assert_eq!(collected[0].payload, collected[1].payload);
    assert_ne!(collected[1].payload, collected[2].payload);
    let path: Vec<_> = collected[0]
        .get_option(CoapOption::UriPath)
        .unwrap()
        .iter()
        .cloned()
        .collect();
    assert_eq!(
        (&path[0][..], &path[2][..]),
        (&b"devices"[..], &b"telemetry"[..])
    );
    assert!(broker.logins().is_empty());
}
