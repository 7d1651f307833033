//! How often the log is told of requests that fail: what callers can make
//! happen as often as they like must not fill a disk.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use parking_lot::Mutex;

/// Lines of one status in a minute.
const LINES_A_MINUTE: u32 = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// What was told in the running minute, by status.
#[derive(Default)]
pub(crate) struct Told {
    minutes: Mutex<HashMap<StatusCode, Minute>>,
}

#[derive(Clone, Copy)]
struct Minute {
    since: Instant,
    told: u32,
    untold: u64,
}

impl Told {
    /// Whether to tell of another one; then how many were not told since the
    /// last line.
    pub(crate) fn tell(&self, status: StatusCode) -> Option<u64> {
        self.at(status, Instant::now())
    }

    fn at(&self, status: StatusCode, now: Instant) -> Option<u64> {
        let mut minutes = self.minutes.lock();
        let minute = minutes.entry(status).or_insert(Minute {
            since: now,
            told: 0,
            untold: 0,
        });
        if now.saturating_duration_since(minute.since) >= MINUTE {
            minute.since = now;
            minute.told = 0;
        }
        if minute.told >= LINES_A_MINUTE {
            minute.untold += 1;
            return None;
        }
        minute.told += 1;
        Some(std::mem::take(&mut minute.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_ten_lines_a_minute_and_a_number() {
        let (told, start) = (Told::default(), Instant::now());
        let busy = StatusCode::SERVICE_UNAVAILABLE;
        let lines = (0..1_000)
            .filter(|_| told.at(busy, start).is_some())
            .count();
        assert_eq!(lines, 10);
        assert_eq!(told.at(StatusCode::INTERNAL_SERVER_ERROR, start), Some(0));
        assert_eq!(told.at(busy, start + MINUTE), Some(990));
        assert_eq!(told.at(busy, start + MINUTE), Some(0));
    }
}
