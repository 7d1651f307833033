//! Replies by class of status, and the ids of requests.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

/// Replies by the hundred of their status, and the source of request ids.
pub(crate) struct Counters {
    by_class: [AtomicU64; 5],
    requests: AtomicU64,
    /// Tells the ids of one start of the platform from another's.
    instance: u32,
}

impl Counters {
    pub(crate) fn new() -> Self {
        let mut random = [0; 4];
        // Without a random number the ids still differ within this start.
        let _ = getrandom::fill(&mut random);
        Self {
            by_class: Default::default(),
            requests: AtomicU64::new(0),
            instance: u32::from_be_bytes(random),
        }
    }

    pub(crate) fn next_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-{number:x}", self.instance)
    }

    pub(crate) fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.by_class[class].fetch_add(1, Ordering::Relaxed);
    }

    /// `("2xx", 1234)` and so on.
    pub(crate) fn by_class(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        ["1xx", "2xx", "3xx", "4xx", "5xx"].into_iter().zip(
            self.by_class
                .iter()
                .map(|count| count.load(Ordering::Relaxed)),
        )
    }
}
