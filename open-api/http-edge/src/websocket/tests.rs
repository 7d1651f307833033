//! Frames in any pieces, and what breaks the rules.

use super::*;

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut out = vec![first];
    match payload.len() {
        short @ ..=125 => out.push(0x80 | short as u8),
        length => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    out.extend(mask);
    let covered = payload.iter().zip(mask.iter().cycle());
    out.extend(covered.map(|(byte, mask)| byte ^ mask));
    out
}

#[test]
fn the_proof_is_that_of_the_standards_example() {
    assert_eq!(
        proof(b"dGhlIHNhbXBsZSBub25jZQ=="),
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );
}

#[test]
fn a_length_is_written_in_its_shortest_form() {
    for (length, header) in [
        (0, vec![0x81, 0]),
        (125, vec![0x81, 125]),
        (126, vec![0x81, 126, 0, 126]),
        (65_535, vec![0x81, 126, 255, 255]),
        (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let mut out = Vec::new();
        write_text(&mut out, &vec![b'x'; length]);
        assert_eq!(&out[..header.len()], header);
        assert_eq!(out.len(), header.len() + length);
    }
}

#[test]
fn frames_are_understood_however_they_are_cut() {
    let mut bytes = masked(FINAL | TEXT, b"said to nobody");
    bytes.extend(masked(FINAL | PING, b"there?"));
    bytes.extend(masked(FINAL | TEXT, &[7; 300]));
    bytes.extend(masked(FINAL | PONG, b""));
    bytes.extend(masked(FINAL | CLOSE, &[3, 232]));
    let mut answer = vec![FINAL | PONG, 6];
    answer.extend(b"there?");
    let expected = [Said::Answer(answer), Said::Close];
    for size in [1, 2, 3, 7, 100, bytes.len()] {
        let mut incoming = Incoming::default();
        let parts = bytes.chunks(size);
        let said: Vec<Said> = parts
            .flat_map(|part| incoming.take(part).unwrap())
            .collect();
        assert_eq!(said, expected, "in parts of {size}");
        assert!(incoming.bytes.is_empty());
    }
}

/// Bytes of chance (xorshift), biased to what begins a frame.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let byte = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        match state % 4 {
            0 => [0x81, 0x88, 0x89, 0x8a, 0xfe, 0xff, 0x80, 0][(state >> 8) as usize % 8],
            _ => (state >> 16) as u8,
        }
    };
    (0..length).map(byte).collect()
}

#[test]
fn no_bytes_break_it_or_make_it_keep_more_than_a_frame() {
    let mut understood = 0;
    for seed in 1..20_000 {
        let mut incoming = Incoming::default();
        for part in noise(seed * 0x9e37_79b9, 400).chunks(50) {
            match incoming.take(part) {
                Ok(said) => understood += said.len(),
                Err(_) => break,
            }
            let most = MAX_INCOMING_BYTES as usize + MAX_HEADER_BYTES;
            assert!(incoming.bytes.len() <= most, "seed {seed}");
        }
    }
    assert!(understood > 20, "some of it was a frame: {understood}");
}

#[test]
fn what_breaks_the_rules_ends_it() {
    let mut unmasked = masked(FINAL | PING, b"");
    unmasked[1] &= 0x7f;
    let mut reserved = masked(FINAL | TEXT, b"");
    reserved[0] |= 0x40;
    for bytes in [
        unmasked,
        reserved,
        masked(PING, b""),
        masked(FINAL | PING, &[0; 126]),
    ] {
        let error = Incoming::default().take(&bytes);
        assert_eq!(error, Err(CloseCode::ProtocolError), "{bytes:?}");
    }
    let long = masked(FINAL | TEXT, &[0; 4_097]);
    assert_eq!(Incoming::default().take(&long[..8]), Err(CloseCode::TooBig));
    let endless = [FINAL | TEXT, 0xff, 255, 255, 255, 255, 255, 255, 255, 255];
    assert_eq!(Incoming::default().take(&endless), Err(CloseCode::TooBig));
}
