//! A subscriber that does not read costs its own past, and nobody else anything.

use std::time::Duration;

use mqtt::Config;
use mqtt::codec::Qos;
use transport::EventKind;

use crate::harness::client::telemetry;
use crate::harness::{TestBroker, until};

const PAYLOAD: usize = 1_000;

/// Publishes until the counter of dropped messages has moved far.
fn flood(broker: &TestBroker, count: usize) {
    let payload = bytes::Bytes::from(vec![b'x'; PAYLOAD]);
    for n in 0..count {
        let mut numbered = payload.to_vec();
        numbered[..8].copy_from_slice(format!("{n:08}").as_bytes());
        broker.publish("open/x", numbered);
    }
}

#[test]
fn it_loses_its_oldest_and_is_told_in_the_statistics() {
    const COUNT: usize = 30_000;
    let broker = TestBroker::with(Config {
        queue_messages: 100,
        ..Config::default()
    });
    let mut slow = broker.device("slow");
    slow.subscribe("open/#", Qos::AtMostOnce);
    let mut publisher = broker.device("publisher");
    flood(&broker, COUNT);
    // Acknowledged while the subscriber is stuck.
    publisher.publish(&telemetry("publisher"), 1, b"x");
    assert!(!publisher.receive().puback().reason.is_failure());
    let info = broker.handle.connection("slow").unwrap();
    assert!(info.dropped > 0 && info.queued <= 100, "{info:?}");
    // Now it reads: what is left ends with the newest.
    let (mut received, mut last) = (0, 0);
    while last != COUNT - 1 {
        let packet = slow.receive();
        let number = std::str::from_utf8(&packet.publish().payload[..8])
            .unwrap()
            .parse()
            .unwrap();
        assert!(number >= last);
        (received, last) = (received + 1, number);
    }
    let dropped = broker.handle.connection("slow").unwrap().dropped;
    assert_eq!(received + dropped, COUNT as u64);
    assert_eq!(broker.total(|listener| listener.dropped), dropped);
}

#[test]
fn it_is_closed_when_it_takes_nothing_for_too_long() {
    let config = Config {
        write_deadline: Duration::from_millis(300),
        connect_deadline: Duration::from_millis(800),
        ..Config::default()
    };
    let broker = TestBroker::with(config);
    let mut stuck = broker.device("stuck");
    stuck.subscribe("open/#", Qos::AtMostOnce);
    flood(&broker, 30_000);
    until("it is closed", || {
        broker.access.saw(EventKind::WriteTimeout)
    });
    broker.until_stats("it is gone", |stats| stats.listeners[0].connections == 0);
    assert!(broker.handle.connection("stuck").is_none());
}
