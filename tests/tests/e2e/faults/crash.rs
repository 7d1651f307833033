//! kill -9 at random moments under load: what was acknowledged is stored, and
//! nothing is stored twice.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use domain::Value;
use sdk::api::ObservationQuery;
use tests::{BareClient, Start, TestDevice, TestPlatform};

/// Messages that a device has under way at once.
const WINDOW: u64 = 50;
const DEVICES: usize = 4;
/// The promise is two seconds; a debug build on loaded cores gets more.
const RESTART: Duration = Duration::from_secs(if cfg!(debug_assertions) { 15 } else { 2 });
/// 2026-05-01T00:00:00Z; each message is a millisecond later.
const FIRST_MILLIS: u64 = 1_777_593_600_000;

/// What one device sent, and what was acknowledged of it.
pub(crate) struct Sender {
    device: TestDevice,
    sent: u64,
    acknowledged: BTreeSet<u64>,
}

impl Sender {
    pub(crate) fn new(device: TestDevice) -> Self {
        Self {
            device,
            sent: 0,
            acknowledged: BTreeSet::new(),
        }
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// Publishes until the connection breaks.
    pub(crate) fn run(&mut self, mqtt: SocketAddr) {
        let client = self.device.connect(mqtt);
        self.publish(client);
    }

    fn publish(&mut self, mut client: BareClient) {
        let first = self.sent;
        let mut answered = first;
        loop {
            while self.sent - answered < WINDOW {
                let number = self.sent;
                let id = packet_id(number - first);
                let time = FIRST_MILLIS + number;
                let payload = format!("{{\"t\":{time},\"v\":{{\"pm25\":{}}}}}", number % 1_000);
                self.sent += 1;
                let topic = self.device.topic();
                if client.publish(&topic, id, payload.as_bytes()).is_err() {
                    return;
                }
            }
            let Ok(ack) = client.read() else { return };
            assert_eq!(ack.id(), packet_id(answered - first), "acks keep the order");
            self.acknowledged.insert(answered);
            answered += 1;
        }
    }
}

fn packet_id(number: u64) -> u16 {
    u16::try_from(number % 60_000 + 1).unwrap()
}

fn rounds(count: u32) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &Start::default());
    let mut senders: Vec<Sender> = (0..DEVICES)
        .map(|number| {
            let device = TestDevice::register(&platform, &format!("air-{number}"), "safety.air");
            Sender::new(device)
        })
        .collect();
    platform.kill();
    let mut slowest = Duration::ZERO;
    for round in 0..count {
        let platform = TestPlatform::on(&data, &Start::default());
        slowest = slowest.max(platform.started_in);
        let mqtt = platform.address("mqtt");
        // Spread over the life of a few groups, no two rounds alike.
        let moment = Duration::from_micros(50_000 + u64::from(round) * 7_919 % 250_000);
        std::thread::scope(|scope| {
            let (connected, connections) = mpsc::channel();
            for sender in &mut senders {
                let connected = connected.clone();
                scope.spawn(move || {
                    let client = sender.device.connect(mqtt);
                    connected.send(()).unwrap();
                    sender.publish(client);
                });
            }
            drop(connected);
            // The moment counts from when everybody is in.
            assert_eq!(connections.iter().take(DEVICES).count(), DEVICES);
            std::thread::sleep(moment);
            platform.kill();
        });
    }
    let acknowledged: usize = senders.iter().map(|s| s.acknowledged.len()).sum();
    eprintln!("{count} kills, {acknowledged} acknowledged, slowest restart {slowest:?}");
    assert!(acknowledged > count as usize * 10, "the load was real");
    assert!(slowest < RESTART, "a restart took {slowest:?}");
    check(&data, &senders);
}

/// All that was acknowledged is there once, and nothing that was not sent.
pub(crate) fn check(data: &Path, senders: &[Sender]) {
    let platform = TestPlatform::on(data, &Start::default());
    let api = platform.anonymous();
    for sender in senders {
        let pm25 = sender.device.datastream(&api, "pm25");
        let query = ObservationQuery {
            limit: Some(10_000),
            ..ObservationQuery::default()
        };
        let mut stored = BTreeSet::new();
        for observation in api.observations(pm25, &query) {
            let observation = observation.unwrap();
            let millis = u64::try_from(observation.phenomenon_time.as_micros()).unwrap() / 1_000;
            let number = millis - FIRST_MILLIS;
            assert!(stored.insert(number), "{number} is stored twice");
            assert_eq!(
                observation.value,
                Some(Value::Number((number % 1_000) as f64))
            );
            assert_eq!(observation.revision, 0);
        }
        let lost: Vec<_> = sender.acknowledged.difference(&stored).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        assert!(stored.iter().all(|number| *number < sender.sent));
    }
    let begun = Instant::now();
    platform.stop();
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn kill_9_under_load_loses_nothing_that_was_acknowledged() {
    rounds(6);
}

#[test]
#[ignore = "a minute: 100 rounds, run by .ci/run"]
fn a_hundred_kills_under_load_lose_nothing_that_was_acknowledged() {
    rounds(100);
}
