//! The session against a model: histories of packets and events, lived through
//! by the session, by a model of what a server owes ([`model`]) and by a client
//! that checks what it is given ([`client`]).
//!
//! A history is bytes, so that a property test and a fuzz target share all of
//! it. What holds at every step: no identifier is used twice; a message of
//! QoS 2 is taken once and given once, however often connections end;
//! acknowledgements leave in the order of the messages; no window is exceeded;
//! answers wait for the store where there is one; what is written can be read.

mod client;
mod connections;
mod deliver;
mod driver;
mod model;
#[cfg(test)]
mod property;
mod receive;
mod step;
mod subscribe;

use driver::Driver;
use step::{STEP_BYTES, Step, Terms};

/// Steps of one history at most.
const MAX_STEPS: usize = 1_000;

/// Lives through the history that the bytes stand for; panics where the
/// session and its model disagree.
pub fn live_through(bytes: &[u8]) {
    let Some(([a, b], steps)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let mut driver = Driver::new(Terms::from_bytes(*a, *b));
    for bytes in steps.as_chunks::<STEP_BYTES>().0.iter().take(MAX_STEPS) {
        driver.step(Step::from(*bytes));
    }
}
