//! The MQTT session: histories of packets and events against its model, and
//! any packets at all with what holds whatever comes.
//!
//! The first byte says which. Input of the first kind is the model's own form:
//! two bytes for the first CONNECT, then four for each step.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqtt::fuzzing::{session_history, session_packets};

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    match kind & 1 {
        0 => session_history(bytes),
        _ => session_packets(bytes),
    }
});
