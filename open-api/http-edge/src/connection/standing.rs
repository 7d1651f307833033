//! What one connection is doing, as the limits look at it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::frames::{BYTES_A_FRAME, FRAMES_A_PIECE};
use super::moment;
use crate::limits::HttpLimits;

/// How long nothing is taken before bytes count as hoarded.
const HOARDED: Duration = Duration::from_secs(1);

/// What a connection begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arrives {
    InPlaintext,
    WithTls,
}

/// What a connection is doing. Times are milliseconds of [`moment::now`].
pub(super) struct Standing {
    /// As quotas count it; none for a trusted proxy.
    pub(super) address: Option<IpAddr>,
    /// TLS does not stand yet.
    shakes_hands: AtomicBool,
    /// Requests that were begun here.
    begun: AtomicU64,
    /// Of these, the ones whose reply has not ended.
    running: AtomicUsize,
    /// Of these, the ones whose body has not come whole.
    arriving: AtomicUsize,
    /// Since when it has waited for its caller, where it does.
    waits: AtomicU64,
    /// Bytes made for it that its socket has not taken.
    unsent: AtomicUsize,
    /// When some of them were last taken, or the first were made.
    progress: AtomicU64,
    /// Frames of HTTP/2 that replies have given credit for.
    pub(super) replied: AtomicU64,
    ended: watch::Sender<bool>,
}

impl Standing {
    pub(super) fn new(address: Option<IpAddr>, arrives: Arrives) -> Self {
        Self {
            address,
            shakes_hands: AtomicBool::new(arrives == Arrives::WithTls),
            begun: AtomicU64::new(0),
            running: AtomicUsize::new(0),
            arriving: AtomicUsize::new(0),
            waits: AtomicU64::new(moment::now()),
            unsent: AtomicUsize::new(0),
            progress: AtomicU64::new(0),
            replied: AtomicU64::new(0),
            ended: watch::Sender::new(false),
        }
    }

    pub(super) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Resolves after [`Self::end`].
    pub(super) async fn ended(&self) {
        let mut ended = self.ended.subscribe();
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// A request begins.
    pub(super) fn begins(&self) {
        self.running.fetch_add(1, Ordering::AcqRel);
        self.begun.fetch_add(1, Ordering::AcqRel);
    }

    /// A reply has ended.
    pub(super) fn finishes(&self) {
        self.waits_now();
        self.running.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn shakes_hands(&self) -> bool {
        self.shakes_hands.load(Ordering::Acquire)
    }

    /// Whether this call is the one that ends the handshake.
    pub(super) fn is_through(&self) -> bool {
        self.shakes_hands.swap(false, Ordering::AcqRel)
    }

    pub(super) fn shakes_hands_from(&self, address: IpAddr) -> bool {
        self.address == Some(address) && self.shakes_hands()
    }

    pub(super) fn shakes_hands_since(&self, age: Duration) -> bool {
        self.shakes_hands() && moment::since(self.waits_since()) >= age
    }

    /// It waits for its caller alone: for a request, or for a request's body.
    pub(super) fn is_idle(&self) -> bool {
        let running = self.running.load(Ordering::Acquire);
        running == self.arriving.load(Ordering::Acquire)
    }

    pub(super) fn is_idle_from(&self, address: IpAddr) -> bool {
        self.address == Some(address) && self.is_idle()
    }

    pub(super) fn waits_since(&self) -> u64 {
        self.waits.load(Ordering::Acquire)
    }

    /// Since when it has taken nothing, and how many bytes wait, where that is
    /// long enough to give way.
    pub(super) fn hoards(&self) -> Option<(u64, usize)> {
        let bytes = self.unsent.load(Ordering::Acquire);
        let since = self.progress.load(Ordering::Acquire);
        (bytes > 0 && moment::since(since) >= HOARDED).then_some((since, bytes))
    }

    /// What is left until it is late; none where it waits for nothing.
    pub(super) fn left(&self, limits: &HttpLimits) -> Option<Duration> {
        let taking = (self.unsent.load(Ordering::Acquire) > 0).then(|| {
            let since = moment::since(self.progress.load(Ordering::Acquire));
            limits.stalled.saturating_sub(since)
        });
        let asking = (self.running.load(Ordering::Acquire) == 0).then(|| {
            let limit = match self.begun.load(Ordering::Acquire) {
                0 => limits.first_request,
                _ => limits.next_request,
            };
            limit.saturating_sub(moment::since(self.waits_since()))
        });
        match (taking, asking) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    fn waits_now(&self) {
        self.waits.store(moment::now(), Ordering::Release);
    }

    /// A piece of a reply goes to the socket.
    pub(super) fn replies(&self, bytes: usize) {
        self.progresses();
        let credit = FRAMES_A_PIECE + bytes as u64 / BYTES_A_FRAME;
        self.replied.fetch_add(credit, Ordering::Relaxed);
    }

    fn progresses(&self) {
        self.progress.store(moment::now(), Ordering::Release);
    }

    pub(super) fn holds(&self, bytes: usize) {
        if self.unsent.fetch_add(bytes, Ordering::AcqRel) == 0 {
            self.progresses();
        }
    }

    pub(super) fn gives_back(&self, bytes: usize) {
        self.unsent.fetch_sub(bytes, Ordering::AcqRel);
        self.progresses();
    }
}

/// A reply that is whole, and that its caller has not taken. What is counted is
/// that there is one: its bytes are counted where they are made.
pub(super) struct Owed(Arc<Standing>);

impl Owed {
    pub(super) fn begin(standing: &Arc<Standing>) -> Self {
        standing.holds(1);
        Self(Arc::clone(standing))
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.0.gives_back(1);
    }
}

/// A request's body that has not come whole.
pub(super) struct Arriving(Arc<Standing>);

impl Arriving {
    pub(super) fn begin(standing: &Arc<Standing>) -> Self {
        standing.waits_now();
        standing.arriving.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(standing))
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.0.arriving.fetch_sub(1, Ordering::AcqRel);
    }
}
