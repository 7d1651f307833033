//! Any datagram as CoAP, and its payload as a signed message.

#![no_main]

use broker::coap::{message, security};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = security::open(bytes);
    let encoded;
    let Ok(read) = message::decode(bytes) else {
        return;
    };
    let _ = security::open(read.payload);
    encoded = read.encode();
    let again = message::decode(&encoded).expect("what was encoded can be read");
    assert_eq!(read, again);
});
