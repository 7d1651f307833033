//! How long the subscriptions are locked.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::Timestamp;
use transport::{Listener, Protocol};

use super::*;
use crate::codec::SubscribeOptions;
use crate::stats::{ListenerCounters, RateMeter};

fn subscription(filter: &str) -> Subscription {
    Subscription {
        filter: TopicFilter::new(filter).unwrap(),
        group: None,
        options: SubscribeOptions::from_bits(1, Protocol::V5).unwrap(),
        id: None,
        since: LogPosition::default(),
    }
}

fn message(number: u64) -> Message {
    Message {
        position: Some(LogPosition::at(Offset::new(number))),
        ..Message::new("open/x", Bytes::from_static(b"1"))
    }
}

/// A connection of the first worker.
fn attachment() -> Arc<Attachment> {
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1883));
    Arc::new(Attachment {
        worker: 0,
        slot: 0,
        login: None,
        peer,
        protocol: Protocol::V5,
        keep_alive: 0,
        session_expiry: 0,
        since: Timestamp::from_micros(0),
        messages_in: Counter::default(),
        messages_out: Counter::default(),
        rate: RateMeter::new(Instant::now()),
        dropped: Counter::default(),
        listener: Arc::new(ListenerCounters::new(Listener::Mqtt, peer)),
        agency: None,
    })
}

/// A batch for thousands of subscribers is under way: who subscribes meanwhile
/// gets in between its messages, and sees a position that is true.
#[test]
fn who_subscribes_does_not_wait_for_a_whole_batch() {
    const MESSAGES: u64 = 400;
    let router = Router::new(1);
    let endpoints: Vec<_> = (0..HOLD_DELIVERIES).map(|_| Endpoint::for_test()).collect();
    for endpoint in &endpoints {
        router.subscribe_all(endpoint, &[subscription("open/#")]);
    }
    let (asks, is_in) = (AtomicBool::new(false), AtomicBool::new(false));
    let mut was_in = false;
    let late = Endpoint::for_test();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !asks.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            router.subscribe_all(&late, &[subscription("open/#")]);
            let seen = router.unsubscribe_all(&late, &[subscription("open/#")]);
            // Before the batch ended, at a message that was given to all.
            assert!(seen <= LogPosition::at(Offset::new(MESSAGES + 1)));
            is_in.store(true, Ordering::Release);
        });
        let mut messages = (1..=MESSAGES).map(|number| {
            if number == 2 {
                asks.store(true, Ordering::Release);
            }
            was_in = is_in.load(Ordering::Acquire);
            if number > MESSAGES / 2 && !was_in {
                // The machine may be slow to give the other thread its turn.
                std::thread::sleep(Duration::from_millis(5));
            }
            message(number)
        });
        let mut turns = 1;
        while router.publish(&mut messages) {
            turns += 1;
        }
        // Each turn is bounded too.
        assert!(turns as u64 > MESSAGES / 64, "{turns}");
    });
    assert!(
        was_in,
        "the batch held the lock from its beginning to its end"
    );
    assert_eq!(
        router.published(),
        LogPosition::at(Offset::new(MESSAGES + 1))
    );
}

#[test]
fn one_subscriber_gets_a_whole_batch_in_one_turn() {
    let router = Router::new(1);
    let endpoint = Endpoint::for_test();
    router.subscribe_all(&endpoint, &[subscription("open/#")]);
    let mut messages = (1..=4_096).map(message);
    assert!(!router.publish(&mut messages));
    assert_eq!(router.routed(), 4_096);
}

/// Who is woken more often than that writes more and smaller packets.
#[test]
fn a_batch_of_several_turns_wakes_each_subscriber_once() {
    const SUBSCRIBERS: usize = 4_096;
    let messages = (2 * TURN_DELIVERIES / SUBSCRIBERS) as u64;
    let router = Router::new(1);
    let endpoints: Vec<_> = (0..SUBSCRIBERS).map(|_| Endpoint::for_test()).collect();
    for endpoint in &endpoints {
        endpoint.attach(attachment());
        router.subscribe_all(endpoint, &[subscription("open/#")]);
    }
    let mut woken = Vec::new();
    let mut batch = (1..=messages).map(message);
    let mut turns = 1;
    while router.publish(&mut batch) {
        router.inbox(0).take_ready(&mut woken);
        assert!(woken.is_empty());
        turns += 1;
    }
    assert!(turns > 1);
    router.inbox(0).take_ready(&mut woken);
    assert_eq!(woken.len(), SUBSCRIBERS);
}
