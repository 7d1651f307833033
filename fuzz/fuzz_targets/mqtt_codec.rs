//! Any bytes as both versions of MQTT: decode, encode, decode, compare.

#![no_main]

use broker::Protocol;
use broker::mqtt::codec::{Packet, decode, encode, frame, publish};
use libfuzzer_sys::fuzz_target;

const MAX_PACKET: usize = 72 * 1024;

fuzz_target!(|bytes: &[u8]| {
    for protocol in [Protocol::V311, Protocol::V5] {
        let Ok(Some((packet, taken))) = decode(bytes, protocol, MAX_PACKET) else {
            continue;
        };
        assert!(taken <= bytes.len());
        if let Packet::Publish(publish) = &packet {
            let header = frame::header(bytes)
                .expect("it was read")
                .expect("and whole");
            let body = &bytes[header.length..header.total];
            let head = publish::head_length(header.first & 0x0F, body, protocol);
            assert_eq!(head, Ok(Some(body.len() - publish.payload.len())));
        }
        let mut encoded = Vec::new();
        encode(&packet, protocol, &mut encoded);
        let (again, length) = decode(&encoded, protocol, usize::MAX)
            .expect("what was encoded can be read")
            .expect("and is whole");
        assert_eq!(length, encoded.len());
        assert_eq!(packet, again);
    }
});
