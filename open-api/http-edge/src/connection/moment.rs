//! Milliseconds since the first of them was asked for, in an atomic's size. It
//! never goes back, whatever the system's clock does.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

pub(super) fn now() -> u64 {
    start().elapsed().as_millis() as u64
}

pub(super) fn since(moment: u64) -> Duration {
    Duration::from_millis(now().saturating_sub(moment))
}
