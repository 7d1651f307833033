//! The clock of this machine, as the platform's kind of time.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;

pub fn now() -> Timestamp {
    // A machine before 1970 has other worries than its sensors.
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(since.as_micros() as i64)
}
