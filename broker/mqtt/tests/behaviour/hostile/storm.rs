//! Publishing, subscribing, leaving and taking over from many sides for some
//! seconds; afterwards nothing is left of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mqtt::Config;
use mqtt::codec::{
    Connect, FilterList, Packet, Properties, Property, Publish, Qos, Subscribe, SubscribeOptions,
};
use transport::Protocol;

use crate::harness::client::{Client, connect, list, telemetry};
use crate::harness::{TestBroker, until};

const STORM: Duration = Duration::from_secs(3);
const OWNERS: usize = 3;

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// One connection that does a few things at once and leaves without a word.
fn gust(address: std::net::SocketAddr, dice: &mut Dice) {
    let protocol = [Protocol::V311, Protocol::V5][dice.roll(2) as usize];
    let owner = format!("contested-{}", dice.roll(OWNERS as u64));
    let expiry = list(Property::SessionExpiry(dice.roll(2) as u32 * 3_600));
    let topic = telemetry(&owner);
    let base = connect(protocol, &owner);
    let mut bytes = Vec::new();
    Connect {
        clean_start: dice.roll(2) == 0,
        properties: match protocol {
            Protocol::V5 => expiry.as_properties(),
            Protocol::V311 => base.properties,
        },
        ..base
    }
    .encode(&mut bytes);
    for _ in 0..dice.roll(40) {
        let packet_id = dice.roll(1_000) as u16 + 1;
        match dice.roll(3) {
            0 => {
                let group = ["", "$share/g/"][dice.roll(2) as usize];
                let qos = [Qos::AtMostOnce, Qos::AtLeastOnce][dice.roll(2) as usize];
                let filter = format!("{group}open/{}/#", dice.roll(4));
                let filters = FilterList::default().with(&filter, SubscribeOptions::qos(qos));
                Subscribe::new(packet_id, Properties::NONE, &filters).encode(protocol, &mut bytes);
            }
            _ => Publish {
                duplicate: false,
                qos: [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce][dice.roll(3) as usize],
                retain: false,
                topic: &topic,
                packet_id,
                properties: Properties::NONE,
                payload: b"x",
            }
            .encode(protocol, &mut bytes),
        }
    }
    // As many answers as are waited for come even where nobody takes over.
    let answers = dice.roll(6) as usize;
    bytes.extend([0xC0, 0].repeat(answers));
    let mut client = Client::open(address, protocol);
    client.try_send_bytes(&bytes);
    for _ in 0..answers {
        let Some(received) = client.try_receive() else {
            return;
        };
        if let Packet::Publish(message) = received.packet() {
            let mut ack = vec![0x40, 2];
            ack.extend(message.packet_id.to_be_bytes());
            client.try_send_bytes(&ack);
        }
    }
}

#[test]
fn nothing_is_left_over_of_a_flood_with_takeovers_and_changing_subscriptions() {
    let broker = TestBroker::with(Config {
        queue_messages: 64,
        ..Config::default()
    });
    let over = Arc::new(AtomicBool::new(false));
    let mut threads: Vec<_> = (0..6)
        .map(|seed| {
            let (over, address) = (over.clone(), broker.mqtt);
            std::thread::spawn(move || {
                let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (seed + 1));
                while !over.load(Ordering::Acquire) {
                    gust(address, &mut dice);
                }
            })
        })
        .collect();
    threads.push(std::thread::spawn({
        let (over, log, handle) = (over.clone(), broker.log.clone(), broker.handle.clone());
        move || {
            let mut n = 0u64;
            while !over.load(Ordering::Acquire) {
                log.publish(&handle, &format!("open/{}/x", n % 4), &n.to_string());
                n += 1;
                if n.is_multiple_of(500) {
                    handle.revalidate();
                }
                if n.is_multiple_of(50) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
    }));
    // A client that has nothing to do with it is served throughout.
    let mut bystander = broker.device("bystander");
    let end = Instant::now() + STORM;
    let mut served = 0;
    while Instant::now() < end {
        bystander.publish(&telemetry("bystander"), 1, b"x");
        assert!(!bystander.receive().puback().reason.is_failure());
        served += 1;
    }
    assert!(served > 100, "{served} messages in {STORM:?}");
    over.store(true, Ordering::Release);
    for thread in threads {
        thread.join().unwrap();
    }
    drop(bystander);
    broker.until_stats("all connections are gone", |stats| {
        let listener = &stats.listeners[0];
        listener.connections == 0 && listener.handshakes == 0
    });
    assert!(broker.handle.stats().waiting_sessions <= OWNERS as u64);
    assert!(broker.log.sessions.kept.lock().len() <= OWNERS);
    for owner in 0..OWNERS {
        broker.access.revoke(&format!("contested-{owner}"));
    }
    broker.handle.revalidate();
    broker.until_stats("nothing is left", |stats| {
        stats.waiting_sessions == 0 && stats.subscriptions == 0
    });
    until("the store was told", || {
        broker.log.sessions.kept.lock().is_empty()
    });
    // Both workers live.
    let mut many: Vec<_> = (0..16).map(|n| broker.device(&format!("d{n}"))).collect();
    many.iter_mut().for_each(Client::ping);
}
