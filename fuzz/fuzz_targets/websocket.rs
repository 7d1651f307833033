//! Any bytes as the head of a WebSocket request, and as frames after it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqtt::fuzzing::{read_frames, read_request};

fuzz_target!(|bytes: &[u8]| {
    read_request(bytes);
    // In one piece and byte for byte: what is carried is the same.
    assert_eq!(read_frames(bytes, usize::MAX), read_frames(bytes, 1));
});
