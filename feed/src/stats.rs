//! What the feed did and how far it is, for `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use domain::{Offset, Timestamp};
use ingest::Ingest;
use text_formats::prometheus::{Exposition, Kind};

use crate::batch::Position;
use crate::sending::client::Failure;

/// Counters since the start of the process.
#[derive(Default)]
pub(crate) struct Counters {
    lines: AtomicU64,
    batches: AtomicU64,
    pub(crate) set_aside: AtomicU64,
    pub(crate) held_up: AtomicU64,
    gone: AtomicU64,
    pub(crate) went_back: AtomicU64,
    unreachable: AtomicU64,
    failing: AtomicU64,
    busy: AtomicU64,
    refused: AtomicU64,
    pub(crate) bad_lines: AtomicU64,
    pub(crate) too_large: AtomicU64,
    /// Offset up to which everything is acknowledged.
    offset: AtomicU64,
    /// When that frame was received; 0 where that is not known.
    received: AtomicI64,
    /// When nothing was left to send.
    caught_up: AtomicI64,
}

impl Counters {
    pub(crate) fn one(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn written(&self, lines: usize) {
        Self::one(&self.batches);
        self.lines.fetch_add(lines as u64, Relaxed);
    }

    pub(crate) fn gone(&self, frames: u64) {
        self.gone.fetch_add(frames, Relaxed);
    }

    pub(crate) fn failed(&self, failure: &Failure) {
        Self::one(match failure {
            Failure::Unreachable { .. } => &self.unreachable,
            Failure::Failing { .. } => &self.failing,
            Failure::Busy { .. } => &self.busy,
            Failure::Refused { .. } => &self.refused,
        });
    }

    pub(crate) fn stands_at(&self, position: Position) {
        self.offset.store(position.offset.get(), Relaxed);
        self.received.store(position.received.as_micros(), Relaxed);
    }

    pub(crate) fn caught_up(&self, now: Timestamp) {
        self.caught_up.store(now.as_micros(), Relaxed);
    }
}

/// The figures of a running feed. A cheap handle.
#[derive(Clone)]
pub struct FeedStats {
    counters: Arc<Counters>,
    ingest: Ingest,
}

impl FeedStats {
    pub(crate) fn new(counters: Arc<Counters>, ingest: Ingest) -> Self {
        Self { counters, ingest }
    }

    /// Lines that the store acknowledged, those that were sent again counted
    /// again.
    pub fn lines(&self) -> u64 {
        self.counters.lines.load(Relaxed)
    }

    /// Lines that the store refused for good.
    pub fn set_aside(&self) -> u64 {
        self.counters.set_aside.load(Relaxed)
    }

    /// Everything up to it is acknowledged.
    pub fn offset(&self) -> Offset {
        Offset::new(self.counters.offset.load(Relaxed))
    }

    /// Applied frames that are not acknowledged yet.
    pub fn lag(&self) -> u64 {
        let applied = self.ingest.applied_offset();
        applied.get().saturating_sub(self.offset().get())
    }

    /// For how long the store has not had everything, in seconds.
    fn lag_seconds(&self) -> f64 {
        if self.lag() == 0 {
            return 0.0;
        }
        let received = self.counters.received.load(Relaxed);
        let since = received.max(self.counters.caught_up.load(Relaxed));
        let lag = self.ingest.now().as_micros().saturating_sub(since);
        lag.max(0) as f64 / 1e6
    }

    /// Appends the figures.
    pub fn metrics(&self, page: &mut Exposition) {
        let counters = &self.counters;
        for (name, help, counter) in [
            (
                "madang_feed_lines_total",
                "Lines that the store acknowledged",
                &counters.lines,
            ),
            (
                "madang_feed_batches_total",
                "Requests that the store acknowledged",
                &counters.batches,
            ),
            (
                "madang_feed_lines_set_aside_total",
                "Lines that the store refuses",
                &counters.set_aside,
            ),
            (
                "madang_feed_held_up_total",
                "Times that a batch waits since the store fails at a line and takes no other one of its thing",
                &counters.held_up,
            ),
            (
                "madang_feed_offsets_gone_total",
                "Frames that left the log before they were sent, and were taken from the store",
                &counters.gone,
            ),
            (
                "madang_feed_went_back_total",
                "Times that the horizon was sent again",
                &counters.went_back,
            ),
        ] {
            page.counter(name, help, counter.load(Relaxed));
        }
        let mut failures = page.metric(
            "madang_feed_failures_total",
            Kind::Counter,
            "Requests that failed",
        );
        for (kind, counter) in [
            ("unreachable", &counters.unreachable),
            ("failing", &counters.failing),
            ("busy", &counters.busy),
            ("refused", &counters.refused),
            ("bad-lines", &counters.bad_lines),
            ("too-large", &counters.too_large),
        ] {
            failures.sample(&[("kind", kind)], counter.load(Relaxed));
        }
        page.gauge(
            "madang_feed_lag_offsets",
            "Applied frames that the store has not acknowledged",
            self.lag(),
        );
        page.gauge(
            "madang_feed_lag_seconds",
            "For how long the store has not had everything",
            format_args!("{:.3}", self.lag_seconds()),
        );
    }
}
