//! Packets byte by byte, and a stream in pieces.

use super::*;

#[test]
fn packets_have_the_bytes_of_the_standard() {
    let mut out = Vec::new();
    let login = Login {
        client_id: "a".into(),
        credentials: Some(("u".into(), "p".into())),
    };
    connect(&login, 60, &mut out);
    assert_eq!(
        out,
        b"\x10\x13\x00\x04MQTT\x04\xc2\x00\x3c\x00\x01a\x00\x01u\x00\x01p"
    );
    out.clear();
    publish("t", Qos::AtLeastOnce, 7, &[0; 200], &mut out);
    assert_eq!(&out[..8], b"\x32\xcd\x01\x00\x01t\x00\x07");
    out.clear();
    subscribe("open/#", 1, &mut out);
    assert_eq!(out, b"\x82\x0b\x00\x01\x00\x06open/#\x00");
}

#[test]
fn a_stream_is_taken_packet_by_packet() {
    let stream = b"\x20\x02\x00\x00\x40\x02\x00\x07\x31\x05\x00\x01tab\xd0\x00\x90\x03\x00\x01";
    let mut seen = Vec::new();
    let mut rest = &stream[..];
    while let Some((packet, length)) = take(rest).unwrap() {
        seen.push(packet);
        rest = &rest[length..];
    }
    assert_eq!(
        seen,
        [
            Incoming::ConnAck(0),
            Incoming::PubAck(7),
            Incoming::Publish { retained: true },
            Incoming::PingResp
        ]
    );
    assert_eq!(rest, b"\x90\x03\x00\x01");
    assert_eq!(take(b"\x30\xff\xff\xff\xff\x01"), Err(WireError::Malformed));
    assert_eq!(take(b"\x30\xff\xff\xff\x7f"), Err(WireError::TooLong));
}
