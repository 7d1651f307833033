//! Any bytes as both versions of MQTT: decode, encode, decode, compare.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqtt::fuzzing::read_packet;
use transport::Protocol;

fuzz_target!(|bytes: &[u8]| {
    for protocol in [Protocol::V311, Protocol::V5] {
        read_packet(bytes, protocol);
    }
});
