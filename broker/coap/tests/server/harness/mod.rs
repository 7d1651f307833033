//! What the CoAP tests stand on: an access table and a sink in memory, a
//! server on a real socket, and a client that speaks through another codec
//! (coap-lite) and signs by the device's own library (sdk).

mod access;
mod client;
mod device;
mod server;
mod sink;

use std::time::{Duration, Instant};

pub(crate) use access::TestAccess;
pub(crate) use client::{Client, assert_piggybacked, code};
pub(crate) use device::TestDevice;
pub(crate) use server::{TestServer, generous};
pub(crate) use sink::{Kept, TestSink};

/// Long enough for a loaded machine; reached only where something is wrong.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
pub(crate) const PAYLOAD: &[u8] = br#"[{"n":"level","u":"m","v":1.5}]"#;

pub(crate) fn wait_until(condition: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < end, "it did not come to pass");
        std::thread::sleep(Duration::from_millis(2));
    }
}
