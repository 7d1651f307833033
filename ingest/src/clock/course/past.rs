//! What a start of the platform finds of the time before it.

use super::{NOT_BEFORE, USUAL_STOP};

/// What a start finds.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::clock) struct Past {
    /// What the platform's time was, counted on to now where the machine has
    /// not been started since.
    pub(in crate::clock) now: Option<i64>,
    pub(in crate::clock) settled: Option<i64>,
    pub(in crate::clock) waited: i64,
    /// What the newest durable message was received at.
    pub(in crate::clock) newest: Option<i64>,
}

impl Past {
    /// What deletion counts from at first.
    pub(super) fn begun(&self, system: i64) -> i64 {
        let known = match (self.settled, self.newest) {
            // A little may have come after the file was last written. What lies
            // far ahead of it came while the clock was.
            (Some(settled), newest) => {
                settled.max(newest.unwrap_or(settled).min(settled + USUAL_STOP))
            }
            // Only the log is left. A system's clock that can be right is
            // believed before messages that lie ahead of it.
            (None, Some(newest)) if system >= NOT_BEFORE && newest > system + USUAL_STOP => system,
            (None, Some(newest)) => newest,
            (None, None) => NOT_BEFORE,
        };
        known.max(NOT_BEFORE)
    }
}
