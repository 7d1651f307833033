//! Frames cut in any pieces, and what RFC 6455 forbids.

use proptest::prelude::*;

use super::*;

fn frame(opcode: OpCode, is_final: bool, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader {
        is_final,
        opcode,
        mask: Some(mask),
        ..FrameHeader::default()
    };
    let mut bytes = Vec::new();
    header.format(payload.len() as u64, &mut bytes).unwrap();
    let masked = payload
        .iter()
        .enumerate()
        .map(|(n, byte)| byte ^ mask[n % 4]);
    bytes.extend(masked);
    bytes
}

/// What comes out where `bytes` come in pieces of `size`.
fn taken(frames: &mut Frames, bytes: &[u8], size: usize) -> Vec<u8> {
    let mut all = Vec::new();
    for piece in bytes.chunks(size) {
        let mut piece = piece.to_vec();
        let kept = frames.take(&mut piece);
        all.extend_from_slice(&piece[..kept]);
    }
    all
}

proptest! {
    #[test]
    fn frames_in_any_pieces_carry_what_was_put_into_them(
        messages in prop::collection::vec(prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..400), any::<[u8; 4]>(), any::<bool>()), 1..4,
        ), 0..6),
        size in 1..300usize,
    ) {
        let (mut wire, mut payload) = (Vec::new(), Vec::new());
        let mut pinged = None;
        for message in &messages {
            for (place, (part, mask, ping)) in message.iter().enumerate() {
                let opcode = OpCode::Data(if place == 0 { Data::Binary } else { Data::Continue });
                wire.extend(frame(opcode, place + 1 == message.len(), *mask, part));
                payload.extend_from_slice(part);
                if *ping {
                    let body = &part[..part.len().min(MAX_CONTROL_BYTES)];
                    wire.extend(frame(OpCode::Control(Control::Ping), true, *mask, body));
                    pinged = Some(body.to_vec());
                }
            }
        }
        let mut frames = Frames::new();
        prop_assert_eq!(taken(&mut frames, &wire, size), payload);
        prop_assert_eq!(frames.stage, Stage::Open);
        prop_assert_eq!(frames.ping.map(Vec::from), pinged);
    }

    #[test]
    fn no_bytes_are_made_up(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut frames = Frames::new();
        let length = bytes.len();
        prop_assert!(frames.take(&mut bytes) <= length);
        prop_assert!(frames.control.len() <= MAX_CONTROL_BYTES);
    }
}

fn stage_after(bytes: &[u8]) -> Stage {
    let mut frames = Frames::new();
    taken(&mut frames, bytes, 1);
    frames.stage
}

#[test]
fn what_rfc_6455_forbids_is_refused() {
    let (binary, continued) = (OpCode::Data(Data::Binary), OpCode::Data(Data::Continue));
    let ping = OpCode::Control(Control::Ping);
    let mask = [1, 2, 3, 4];
    for (bytes, fault) in [
        (
            frame(OpCode::Data(Data::Text), true, mask, b"x"),
            FrameFault::Text,
        ),
        (vec![0x82, 0x01, b'x'], FrameFault::Unmasked),
        (vec![0xc2, 0x81, 1, 2, 3, 4, 0], FrameFault::Reserved),
        (vec![0x83, 0x80, 1, 2, 3, 4], FrameFault::Reserved),
        (vec![0x8b, 0x80, 1, 2, 3, 4], FrameFault::Reserved),
        (frame(ping, false, mask, b""), FrameFault::Control),
        (frame(ping, true, mask, &[0; 126]), FrameFault::Control),
        (frame(continued, true, mask, b"x"), FrameFault::Fragments),
        (
            [
                frame(binary, false, mask, b"x"),
                frame(binary, true, mask, b"y"),
            ]
            .concat(),
            FrameFault::Fragments,
        ),
        (
            vec![
                0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
            ],
            FrameFault::TooLong,
        ),
    ] {
        assert_eq!(stage_after(&bytes), Stage::Broken(fault));
    }
}

#[test]
fn close_is_answered_with_its_own_code_if_that_may_be_sent() {
    let close = |body: &[u8]| {
        stage_after(&frame(
            OpCode::Control(Control::Close),
            true,
            [9, 8, 7, 6],
            body,
        ))
    };
    assert_eq!(close(b""), Stage::Closed(CloseCode::Normal));
    assert_eq!(close(b"\x03\xe9bye"), Stage::Closed(CloseCode::Away));
    assert_eq!(close(b"\x03"), Stage::Broken(FrameFault::Control));
    // 1006 stands for a connection that ended without Close.
    assert_eq!(close(b"\x03\xee"), Stage::Broken(FrameFault::Control));
}

#[test]
fn what_follows_close_is_not_read() {
    let mask = [0; 4];
    let mut bytes = frame(OpCode::Data(Data::Binary), true, mask, b"before");
    bytes.extend(frame(OpCode::Control(Control::Close), true, mask, b""));
    bytes.extend(frame(OpCode::Data(Data::Binary), true, mask, b"after"));
    assert_eq!(taken(&mut Frames::new(), &bytes, 64), b"before");
}
