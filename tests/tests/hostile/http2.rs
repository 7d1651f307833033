//! HTTP/2 as floods: SETTINGS, PING, streams that are reset at once.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use tests::TestPlatform;

use crate::witness::{Witness, attacker, connect_from};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const RST_STREAM: u8 = 3;
const HEADERS: u8 = 1;
const MOST_GROWN_KIB: i64 = 64 * 1_024;
/// An attack is bounded, whether it is cut or not.
const LONGEST: Duration = Duration::from_secs(4);

fn frame(kind: u8, stream: u32, body: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend_from_slice(&[kind, if kind == HEADERS { 0x5 } else { 0 }]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(body);
    frame
}

/// Sends batches until the server ends the connection; gives how many frames
/// left, those in the system's buffers too, or none where it was never ended.
fn flood(
    platform: &TestPlatform,
    number: usize,
    batch: impl Fn(u32) -> Vec<u8>,
    frames: usize,
) -> Option<usize> {
    let http = platform.address("http");
    let mut stream = connect_from(attacker(number), http).unwrap();
    stream.write_all(PREFACE).unwrap();
    stream.write_all(&frame(SETTINGS, 0, &[])).unwrap();
    let mut reader = stream.try_clone().unwrap();
    std::thread::spawn(move || {
        let mut taken = [0; 16 * 1_024];
        while reader.read(&mut taken).is_ok_and(|count| count > 0) {}
    });
    stream
        .set_write_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    let begun = Instant::now();
    let mut sent = 0;
    for round in 0.. {
        if begun.elapsed() > LONGEST {
            return None;
        }
        if stream.write_all(&batch(round)).is_err() {
            break;
        }
        sent += frames;
    }
    Some(sent)
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn floods_of_frames_are_cut() {
    let platform = TestPlatform::start();
    let witness = Witness::start(&platform);
    let settings: Vec<u8> = frame(SETTINGS, 0, &[]).repeat(100);
    let pings: Vec<u8> = frame(PING, 0, &[0; 8]).repeat(100);
    // :method GET, :scheme http, :path /, of HPACK's static table.
    let resets = |round: u32| {
        let streams = (0..50).map(|place| (round * 50 + place) * 2 + 1);
        let pair = |stream| {
            [
                frame(HEADERS, stream, &[0x82, 0x86, 0x84]),
                frame(RST_STREAM, stream, &[0, 0, 0, 8]),
            ]
        };
        streams.flat_map(pair).flatten().collect()
    };
    let sent = [
        ("SETTINGS", flood(&platform, 0, |_| settings.clone(), 100)),
        ("PING", flood(&platform, 1, |_| pings.clone(), 100)),
        ("RST_STREAM", flood(&platform, 2, resets, 100)),
    ];
    println!("frames until the end: {sent:?}");
    witness.finish(&platform, MOST_GROWN_KIB);
    for (kind, frames) in sent {
        assert!(frames.is_some(), "the flood of {kind} was never cut");
    }
}
