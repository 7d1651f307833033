//! A history as bytes.

use super::driver::Driver;
use super::step::{STEP_BYTES, Step, Terms};

/// Steps of one history at most.
const MAX_STEPS: usize = 1_000;

/// Lives through the history that the bytes stand for; panics where the
/// session and its model disagree.
pub(crate) fn live_through(bytes: &[u8]) {
    let Some(([a, b], steps)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let mut driver = Driver::new(Terms::from_bytes(*a, *b));
    for bytes in steps.as_chunks::<STEP_BYTES>().0.iter().take(MAX_STEPS) {
        driver.step(Step::from(*bytes));
    }
}
