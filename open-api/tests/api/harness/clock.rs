//! The machine's clock, which a test may set ahead.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::Timestamp;
use ingest::{Clock, SystemClock};

#[derive(Default)]
pub(crate) struct TestClock {
    ahead_micros: AtomicI64,
}

impl TestClock {
    /// From here on it is so much later than it would have been.
    pub(crate) fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.ahead_micros.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let ahead = self.ahead_micros.load(Ordering::Relaxed);
        Timestamp::from_micros(SystemClock.now().as_micros() + ahead)
    }
}
