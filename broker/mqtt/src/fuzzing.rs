//! What fuzz targets need and nobody else does.

use transport::Protocol;

use crate::codec::{self, Packet, frame, publish};
use crate::session::tests;
use crate::{listener, stream};

const MAX_PACKET: usize = 72 * 1024;

/// Reads one packet, writes what was read and reads that again.
pub fn read_packet(bytes: &[u8], protocol: Protocol) {
    let Ok(Some((packet, taken))) = codec::decode(bytes, protocol, MAX_PACKET) else {
        return;
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
    codec::encode(&packet, protocol, &mut encoded);
    let (again, length) = codec::decode(&encoded, protocol, usize::MAX)
        .expect("what was encoded can be read")
        .expect("and is whole");
    assert_eq!(length, encoded.len());
    assert_eq!(packet, again);
}

/// Lives through a history of the session beside its model: two bytes of
/// CONNECT, then four for each step.
pub fn session_history(bytes: &[u8]) {
    tests::live_through(bytes);
}

/// Lets a session have any packets at all: a CONNECT first.
pub fn session_packets(bytes: &[u8]) {
    tests::any_packets(bytes);
}

/// Reads the head of WebSocket's opening request and writes the answer to it.
pub fn read_request(head: &[u8]) {
    listener::read_request(head);
}

/// Reads WebSocket frames, `size` bytes at a time: the payloads, a ping that
/// waits, and what is expected next.
pub fn read_frames(bytes: &[u8], size: usize) -> (Vec<u8>, Option<Box<[u8]>>, String) {
    stream::read_frames(bytes, size)
}
