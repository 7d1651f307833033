//! Histories by chance, and those that once found a fault.

use proptest::prelude::*;

use super::driver::Driver;
use super::step::{Answer, Room, STEP_BYTES, Step, Terms, Wanted};
use crate::codec::Qos;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<[u8; STEP_BYTES]>().prop_map(Step::from), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_session_agrees_with_its_model(a in any::<u8>(), b in any::<u8>(), steps in steps()) {
        let mut driver = Driver::new(Terms::from_bytes(a, b));
        for step in steps {
            driver.step(step);
        }
    }
}

/// A message of QoS 2 is delivered, the connection ends, and the next one asks
/// for `max_packet`.
fn cut_after_delivery(max_packet: Option<u32>, expiry: Option<u8>) -> Driver {
    let terms = Terms::from_bytes(0, 3);
    let mut driver = Driver::new(terms);
    driver.step(Step::Deliver(Wanted {
        qos: Qos::ExactlyOnce,
        topic: "a/rather/long/topic",
        expiry,
        filler: 20,
        shared: false,
        subscription_id: None,
    }));
    driver.step(Step::Wait(2));
    let next = Terms {
        max_packet,
        ..terms
    };
    driver.step(Step::Cut { next, wrap: true });
    driver
}

fn answer(answer: Answer) -> Step {
    Step::Answer {
        answer,
        pick: 0,
        wrong: false,
    }
}

#[test]
fn an_acknowledgement_may_come_before_its_message_comes_again() {
    let mut driver = cut_after_delivery(None, None);
    driver.step(answer(Answer::PubRec));
    driver.step(Step::SendAgain { room: Room::Any });
    driver.step(answer(Answer::PubComp));
    assert!(driver.model.flight.is_empty());
}

#[test]
fn what_cannot_come_again_keeps_its_identifier_until_the_client_lets_go() {
    for (max_packet, expiry) in [(Some(30), None), (None, Some(1))] {
        let mut driver = cut_after_delivery(max_packet, expiry);
        driver.step(Step::SendAgain { room: Room::Any });
        assert_eq!(driver.model.flight.len(), 1);
        assert_eq!(driver.model.flight[0].is_received, max_packet.is_some());
        driver.step(answer(Answer::PubRec));
        driver.step(answer(Answer::PubComp));
        assert!(driver.model.flight.is_empty());
    }
}
