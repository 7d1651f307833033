//! Frames that the platform could not read for all: each live session reads
//! them from the log for itself, between what came before and what comes after.

use domain::Offset;
use mqtt::codec::{Packet, Property, Qos};

use crate::harness::TestBroker;
use crate::harness::client::Client;

const PASSED_OVER: u64 = 40;

/// Many messages that are passed over after the first, and one as usual.
fn pass_over(broker: &TestBroker) {
    for number in 1..=PASSED_OVER {
        broker.log.append("open/x", &number.to_string());
    }
    let frames = Offset::new(1)..=Offset::new(PASSED_OVER);
    broker.handle.pass_over(&frames);
    let last = PASSED_OVER + 1;
    broker
        .log
        .publish(&broker.handle, "open/x", &last.to_string());
}

/// The number in the next message, and how many it says are lost.
fn next(client: &mut Client) -> (u64, Option<u64>) {
    let received = client.receive();
    let Packet::Publish(message) = received.packet() else {
        panic!("{:?}", received.packet())
    };
    if message.qos == Qos::AtLeastOnce {
        client.acknowledge(message.packet_id);
    }
    let lost = message.properties.iter().find_map(|it| match it {
        Property::User("lost", count) => count.parse().ok(),
        _ => None,
    });
    let number = std::str::from_utf8(message.payload).unwrap();
    (number.parse().unwrap(), lost)
}

#[test]
fn a_live_subscriber_gets_them_in_their_place() {
    let broker = TestBroker::start();
    let mut subscribers: Vec<Client> = [Qos::AtMostOnce, Qos::AtLeastOnce]
        .into_iter()
        .enumerate()
        .map(|(number, qos)| {
            let mut client = broker.device(&format!("s{number}"));
            client.subscribe("open/#", qos);
            client
        })
        .collect();
    broker.log.publish(&broker.handle, "open/x", "0");
    pass_over(&broker);
    for client in &mut subscribers {
        for number in 0..=PASSED_OVER + 1 {
            assert_eq!(next(client), (number, None));
        }
    }
    // Live again, without a double.
    broker.log.publish(&broker.handle, "open/x", "99");
    for client in &mut subscribers {
        assert_eq!(next(client), (99, None));
    }
    assert_eq!(broker.total(|listener| listener.dropped), 0);
}

#[test]
fn who_subscribed_after_them_gets_none() {
    let broker = TestBroker::start();
    for number in 0..=PASSED_OVER {
        broker.log.append("open/x", &number.to_string());
    }
    let mut client = broker.device("late");
    client.subscribe("open/#", Qos::AtLeastOnce);
    let frames = Offset::new(1)..=Offset::new(PASSED_OVER);
    broker.handle.pass_over(&frames);
    broker.log.publish(&broker.handle, "open/x", "99");
    assert_eq!(next(&mut client), (99, None));
}

/// A group has no place in the log.
#[test]
fn a_group_is_told_how_many_frames_it_missed() {
    let broker = TestBroker::start();
    let mut member = broker.device("member");
    member.subscribe("$share/g/open/#", Qos::AtLeastOnce);
    broker.log.publish(&broker.handle, "open/x", "0");
    assert_eq!(next(&mut member), (0, None));
    pass_over(&broker);
    assert_eq!(next(&mut member), (PASSED_OVER + 1, Some(PASSED_OVER)));
    assert_eq!(broker.total(|listener| listener.dropped), PASSED_OVER);
}
