//! How many lines the log gets of requests that fail: what callers can make
//! happen as often as they like must not fill a disk.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use parking_lot::Mutex;

/// Lines of one status in a minute.
const LINES_A_MINUTE: u32 = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// The lines of the running minute, by status.
#[derive(Default)]
pub(crate) struct LogLimit {
    minutes: Mutex<HashMap<StatusCode, Minute>>,
}

#[derive(Clone, Copy)]
struct Minute {
    since: Instant,
    written: u32,
    left_out: u64,
}

impl LogLimit {
    /// Whether to write another line; then how many were left out since the
    /// last one.
    pub(crate) fn take(&self, status: StatusCode) -> Option<u64> {
        self.at(status, Instant::now())
    }

    fn at(&self, status: StatusCode, now: Instant) -> Option<u64> {
        let mut minutes = self.minutes.lock();
        let minute = minutes.entry(status).or_insert(Minute {
            since: now,
            written: 0,
            left_out: 0,
        });
        if now.saturating_duration_since(minute.since) >= MINUTE {
            minute.since = now;
            minute.written = 0;
        }
        if minute.written >= LINES_A_MINUTE {
            minute.left_out += 1;
            return None;
        }
        minute.written += 1;
        Some(std::mem::take(&mut minute.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_ten_lines_a_minute_and_a_number() {
        let (limit, start) = (LogLimit::default(), Instant::now());
        let busy = StatusCode::SERVICE_UNAVAILABLE;
        let lines = (0..1_000)
            .filter(|_| limit.at(busy, start).is_some())
            .count();
        assert_eq!(lines, 10);
        assert_eq!(limit.at(StatusCode::INTERNAL_SERVER_ERROR, start), Some(0));
        assert_eq!(limit.at(busy, start + MINUTE), Some(990));
        assert_eq!(limit.at(busy, start + MINUTE), Some(0));
    }
}
