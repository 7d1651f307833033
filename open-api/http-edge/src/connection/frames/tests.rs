//! Floods of each kind of frame, and readers that are no flood.

use std::time::Duration;

use super::*;

static NO_REPLY: AtomicU64 = AtomicU64::new(0);
const SETTINGS: u8 = 0x4;
const PING: u8 = 0x6;
const WINDOW_UPDATE: u8 = 0x8;

fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
    let [_, high, middle, low] = (payload as u32).to_be_bytes();
    let mut frame = vec![high, middle, low, kind, flags, 0, 0, 0, 1];
    frame.resize(HEADER_BYTES + payload, 0);
    frame
}

fn meter(now: Instant) -> Frames {
    let mut frames = Frames::new(now);
    frames.take(PREFACE, now, &NO_REPLY).unwrap();
    frames
}

#[test]
fn a_flood_of_each_kind_ends_it_however_the_bytes_are_cut() {
    let now = Instant::now();
    for (kind, payload, most) in [
        (SETTINGS, 0, MAX_FRAMES_AT_ONCE),
        (PING, 8, MAX_FRAMES_AT_ONCE),
        (WINDOW_UPDATE, 4, MAX_FRAMES_AT_ONCE),
        (DATA, 0, MAX_FRAMES_AT_ONCE),
        (0x77, 5, MAX_FRAMES_AT_ONCE),
        (RST_STREAM, 4, MAX_RESETS_AT_ONCE),
    ] {
        for size in [1, 8, 9, 10, 1_000] {
            let mut frames = meter(now);
            let flood = frame(kind, 0, payload).repeat(most as usize);
            for part in flood.chunks(size) {
                frames.take(part, now, &NO_REPLY).unwrap();
            }
            let last = frame(kind, 0, payload);
            assert_eq!(
                frames.take(&last, now, &NO_REPLY),
                Err(Flood),
                "{kind} in parts of {size}"
            );
        }
    }
}

#[test]
fn who_asks_and_reads_is_never_cut() {
    let now = Instant::now();
    let mut frames = meter(now);
    for _ in 0..100_000 {
        frames
            .take(&frame(HEADERS, END_STREAM, 30), now, &NO_REPLY)
            .unwrap();
        frames.take(&frame(PING, 0, 8), now, &NO_REPLY).unwrap();
        frames
            .take(&frame(WINDOW_UPDATE, 0, 4), now, &NO_REPLY)
            .unwrap();
    }
    // A download of a gigabyte, with an update of the window for each frame.
    let replied = AtomicU64::new(0);
    for _ in 0..65_536 {
        replied.fetch_add(16 * 1_024 / BYTES_A_FRAME, Ordering::Relaxed);
        let updates = frame(WINDOW_UPDATE, 0, 4).repeat(2);
        frames.take(&updates, now, &replied).unwrap();
    }
    // An upload in whole frames.
    frames
        .take(&frame(DATA, 0, 16_384).repeat(2_000), now, &NO_REPLY)
        .unwrap();
}

#[test]
fn time_gives_credit_back() {
    let now = Instant::now();
    let mut frames = meter(now);
    let some = frame(PING, 0, 8).repeat(MAX_FRAMES_AT_ONCE as usize);
    frames.take(&some, now, &NO_REPLY).unwrap();
    let later = now + Duration::from_secs(10);
    let fewer = frame(PING, 0, 8).repeat(10 * FRAMES_A_SECOND as usize);
    frames.take(&fewer, later, &NO_REPLY).unwrap();
    assert_eq!(
        frames.take(&frame(PING, 0, 8), later, &NO_REPLY),
        Err(Flood)
    );
}

#[test]
fn what_is_not_http2_passes() {
    let now = Instant::now();
    for text in ["GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSN", "P"] {
        let mut frames = Frames::new(now);
        frames.take(text.as_bytes(), now, &NO_REPLY).unwrap();
        for _ in 0..10_000 {
            frames.take(&[b'x'; 100], now, &NO_REPLY).unwrap();
        }
    }
}
