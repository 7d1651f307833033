//! What an acknowledgement says in each version of the protocol.

use super::*;
use crate::codec;

struct Durable(u64);

impl Receipt for Durable {
    fn offset(&self) -> Offset {
        Offset::new(self.0)
    }
    fn readable(&self) -> bool {
        self.0 != 13
    }
}

fn written(offset: u64, protocol: Protocol, details: bool) -> Vec<u8> {
    let mut out = Vec::new();
    Acknowledgement::durable(7, &Durable(offset)).encode(
        codec::kind::PUBACK,
        protocol,
        details,
        &mut out,
    );
    out
}

#[test]
fn the_offset_is_a_user_property_of_mqtt_5() {
    for offset in [0, 9, 10, 1_234_567, u64::MAX] {
        let bytes = written(offset, Protocol::V5, true);
        let (packet, used) = codec::decode(&bytes, Protocol::V5, 1_000).unwrap().unwrap();
        assert_eq!(used, bytes.len());
        let codec::Packet::PubAck(ack) = packet else {
            panic!("{packet:?}")
        };
        assert_eq!((ack.packet_id, ack.reason), (7, ReasonCode::SUCCESS));
        let text = offset.to_string();
        let user: Vec<_> = ack.properties.iter().collect();
        assert_eq!(user, [Property::User("offset", &text)]);
    }
}

#[test]
fn an_unreadable_payload_fails_in_5_and_not_in_3() {
    assert_eq!(written(13, Protocol::V5, false), [0x40, 3, 0, 7, 0x99]);
    assert_eq!(written(13, Protocol::V311, true), [0x40, 2, 0, 7]);
    assert_eq!(written(12, Protocol::V5, false), [0x40, 2, 0, 7]);
}
