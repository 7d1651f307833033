//! Whether an observation comes too late to be kept: by the rule by which the
//! store drops days, so that nothing is taken in that is gone at once.

use device_registry::{MIN_RETENTION_DAYS, horizon};
use domain::Timestamp;

/// `settled` is what deletion counts from; `kept_days` is asked only where the shortest retention could have passed:
/// what is of today costs one comparison.
pub(super) fn is_older(
    time: Timestamp,
    settled: Timestamp,
    kept_days: impl FnOnce() -> Option<u32>,
) -> bool {
    time < horizon(settled, MIN_RETENTION_DAYS)
        && kept_days().is_some_and(|days| time < horizon(settled, days))
}
