//! What gives way in a full queue.

use std::sync::Arc;

use super::*;
use crate::codec::Qos;
use crate::message::Message;

fn delivery(payload: &str) -> Delivery {
    Delivery {
        message: Arc::new(Message::new("t", payload.to_owned().into())),
        qos: Qos::AtMostOnce,
        retain: false,
        shared: false,
        subscription_ids: Default::default(),
    }
}

fn payloads(queue: &mut DeliveryQueue) -> Vec<String> {
    std::iter::from_fn(|| queue.pop())
        .map(|d| String::from_utf8(d.message.payload.to_vec()).unwrap())
        .collect()
}

#[test]
fn the_oldest_gives_way() {
    let mut queue = DeliveryQueue::new(2, 1_000);
    assert_eq!(queue.push(delivery("a")), 0);
    assert_eq!(queue.push(delivery("b")), 0);
    assert_eq!(queue.push(delivery("c")), 1);
    assert_eq!(payloads(&mut queue), ["b", "c"]);
}

#[test]
fn bytes_are_bounded_too() {
    let mut queue = DeliveryQueue::new(100, 10);
    assert_eq!(queue.push(delivery("1234")), 0);
    assert_eq!(queue.push(delivery("5678")), 0);
    assert_eq!(queue.push(delivery("123456789")), 2);
    assert_eq!(queue.bytes(), 10);
    assert_eq!(queue.push(delivery("12345678901")), 1);
    assert_eq!(payloads(&mut queue), ["123456789"]);
    assert_eq!(queue.bytes(), 0);
}
