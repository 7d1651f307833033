//! Any datagram as CoAP, and its payload as a signed message.

#![no_main]

use coap::fuzzing::{open, read_datagram};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = open(bytes);
    read_datagram(bytes);
});
