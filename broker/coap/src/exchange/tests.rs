//! Repetitions, unacknowledged answers, blocks. They have no clock, so time is
//! what the test says.

mod blocks;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::DeviceId;

use super::ExchangeKey;
use super::answers::{Answers, CONFIRMABLE_LIFETIME, NON_CONFIRMABLE_LIFETIME};
use super::outgoing::{Due, Outgoing};
use crate::message::Kind;
use crate::receipt::RememberedReceipts;

const SECOND: Duration = Duration::from_secs(1);

fn peer(number: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, (number >> 8) as u8, number as u8], 5_683))
}

fn device(id: &str) -> DeviceId {
    DeviceId::new(id).unwrap()
}

fn key(message_id: u16) -> ExchangeKey {
    ExchangeKey {
        peer: peer(1),
        message_id,
    }
}

#[test]
fn an_answer_is_kept_as_long_as_its_request_may_come_again() {
    let start = Instant::now();
    for (kind, lifetime) in [
        (Kind::Confirmable, CONFIRMABLE_LIFETIME),
        (Kind::NonConfirmable, NON_CONFIRMABLE_LIFETIME),
    ] {
        let mut answers = Answers::new(10, 10);
        answers.remember(key(1), kind, Bytes::from_static(b"a"), start);
        assert!(answers.find(&key(1), start + lifetime - SECOND).is_some());
        assert!(answers.find(&key(2), start).is_none());
        assert!(answers.find(&key(1), start + lifetime).is_none());
        assert!(answers.is_empty());
    }
}

#[test]
fn the_oldest_answer_gives_way() {
    let start = Instant::now();
    let mut answers = Answers::new(100, 1_000);
    for id in 0..1_000 {
        let kind = [Kind::Confirmable, Kind::NonConfirmable][usize::from(id % 2)];
        answers.remember(key(id), kind, Bytes::new(), start);
        assert!(answers.len() <= 100);
        assert!(answers.find(&key(id), start).is_some());
    }
    assert!(answers.find(&key(0), start).is_none());
}

/// A device that sends without end pushes out its own receipts alone, and its
/// own answers and unacknowledged ones take no more than their share.
#[test]
fn each_source_and_device_has_a_share_of_what_all_use() {
    let start = Instant::now();
    let mut receipts = RememberedReceipts::new(100, 10);
    receipts.begin([255; 32], &device("quiet"));
    for number in 0..200u8 {
        receipts.begin([number; 32], &device("loud"));
        assert!(receipts.len() <= 11);
    }
    assert!(receipts.find(&[255; 32]).is_some());
    assert!(receipts.find(&[199; 32]).is_some() && receipts.find(&[189; 32]).is_none());

    let at = |host: u16, message_id| ExchangeKey {
        peer: peer(host),
        message_id,
    };
    let mut answers = Answers::new(100, 10);
    let mut outgoing = Outgoing::new(100, 10, SECOND, 4, 0);
    for id in 0..1_000 {
        answers.remember(at(1, id), Kind::Confirmable, Bytes::new(), start);
        outgoing.track(at(1, id), Bytes::new(), start);
    }
    assert_eq!((answers.len(), outgoing.len()), (10, 10));
    answers.remember(at(2, 1), Kind::Confirmable, Bytes::new(), start);
    outgoing.track(at(2, 1), Bytes::new(), start);
    assert_eq!((answers.len(), outgoing.len()), (11, 11));
    // What has ended makes room again.
    let later = start + CONFIRMABLE_LIFETIME;
    answers.remember(at(1, 7), Kind::Confirmable, Bytes::new(), later);
    assert_eq!(answers.len(), 1);
    outgoing.settled(&at(1, 0));
    outgoing.track(at(1, 2_000), Bytes::new(), start);
    assert_eq!(outgoing.len(), 11);
    for round in 1..10 {
        while outgoing.take_due(start + SECOND * 1_000 * round).is_some() {}
    }
    outgoing.track(at(1, 1), Bytes::new(), start);
    assert_eq!(outgoing.len(), 1);
}

#[test]
fn an_answer_is_sent_again_at_doubling_pauses_until_it_is_given_up() {
    let start = Instant::now();
    let mut outgoing = Outgoing::new(10, 10, SECOND * 2, 4, 0);
    let datagram = Bytes::from_static(b"answer");
    outgoing.track(key(9), datagram.clone(), start);
    let (mut now, mut pauses) = (start, Vec::new());
    loop {
        let due = outgoing.next_due().unwrap();
        assert_eq!(outgoing.take_due(due - SECOND / 1_000), None);
        pauses.push((due - now).as_secs_f64());
        now = due;
        match outgoing.take_due(now).unwrap() {
            Due::SendAgain(to, bytes) => assert_eq!((to, &bytes), (peer(1), &datagram)),
            Due::GivenUp => break,
        }
    }
    assert_eq!(pauses.len(), 5);
    // ACK_TIMEOUT times a factor of 1 to 1.5.
    assert!((2.0..=3.0).contains(&pauses[0]), "{pauses:?}");
    for pair in pauses.windows(2) {
        assert!((pair[1] / pair[0] - 2.0).abs() < 1e-6, "{pauses:?}");
    }
    assert!(outgoing.is_empty() && outgoing.next_due().is_none());
}

#[test]
fn an_acknowledged_answer_is_not_sent_again() {
    let start = Instant::now();
    let mut outgoing = Outgoing::new(2, 2, SECOND, 4, 0);
    for id in 0..5 {
        outgoing.track(key(id), Bytes::from_static(b"x"), start);
    }
    assert_eq!(outgoing.len(), 2, "bounded");
    outgoing.settled(&key(0));
    outgoing.settled(&key(1));
    assert_eq!(outgoing.take_due(start + SECOND * 100), None);
}
