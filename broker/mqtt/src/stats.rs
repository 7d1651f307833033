//! What the broker counts, for metrics and for "who is connected".

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::Timestamp;
use parking_lot::Mutex;
use transport::{Listener, Protocol};

/// A reading of all counters. Counters grow from the start of the broker.
#[derive(Clone, Debug, Default)]
pub struct BrokerStats {
    pub listeners: Vec<ListenerStats>,
    /// Of the agencies that have connected since the start.
    pub agencies: Vec<AgencyStats>,
    /// Standing subscriptions of all sessions.
    pub subscriptions: u64,
    /// Sessions that wait for their owner to come back.
    pub waiting_sessions: u64,
    /// Messages given to [`crate::BrokerHandle::publish`] or routed.
    pub routed: u64,
    pub work: WorkStats,
}

/// What subscribing costs the workers.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkStats {
    /// SUBSCRIBE packets handled.
    pub subscribes: u64,
    /// What they took in all, and what the longest one took.
    pub subscribing: Duration,
    pub longest_subscribe: Duration,
    /// Turns in which retained messages were sent.
    pub retained_turns: u64,
    /// Entries that were looked at in them.
    pub retained_steps: u64,
    pub sending_retained: Duration,
    pub longest_retained_turn: Duration,
}

#[derive(Clone, Debug)]
pub struct ListenerStats {
    pub listener: Listener,
    pub address: SocketAddr,
    /// Standing connections whose CONNECT was accepted.
    pub connections: u64,
    /// TCP connections that are not that far yet.
    pub handshakes: u64,
    /// TCP connections accepted since the start.
    pub accepted: u64,
    /// CONNECTs accepted since the start.
    pub connects: u64,
    /// CONNECTs refused.
    pub refused: u64,
    /// TCP connections that ended before CONNECT: TLS failure, silence,
    /// pushed out by newer ones, or past `max_connections`.
    pub unfinished: u64,
    /// Connections closed because of a broken or forbidden packet.
    pub protocol_errors: u64,
    /// PUBLISH packets received.
    pub messages_in: u64,
    /// PUBLISH packets refused for want of a right.
    pub publishes_denied: u64,
    /// PUBLISH packets larger than is taken, read and dropped.
    pub publishes_too_large: u64,
    /// PUBACKs sent for durable messages.
    pub acknowledged: u64,
    /// PUBLISH packets sent to subscribers.
    pub messages_out: u64,
    /// Messages that a slow subscriber lost, or that were larger than it takes.
    pub dropped: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// What one agency's devices do.
#[derive(Clone, Debug)]
pub struct AgencyStats {
    pub agency: Arc<str>,
    /// Standing connections.
    pub connections: u64,
    /// CONNECTs accepted since the start.
    pub connects: u64,
    /// PUBLISH packets received.
    pub messages_in: u64,
    /// PUBACKs and PUBRECs sent for durable messages.
    pub acknowledged: u64,
    /// Messages that its slow subscribers lost.
    pub dropped: u64,
}

/// A standing connection, for the operator.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    pub client_id: String,
    pub since: Timestamp,
    pub peer: SocketAddr,
    pub listener: Listener,
    pub protocol: Protocol,
    /// Seconds; 0 is none.
    pub keep_alive: u16,
    pub messages_in: u64,
    pub messages_out: u64,
    /// Seconds that its session outlives it, as asked at CONNECT.
    pub session_expiry: u32,
    /// Messages received a second, over the last minute or two.
    pub rate: f64,
    /// Messages that this subscriber was too slow for.
    pub dropped: u64,
    pub queued: usize,
}

/// The counters of one listener, added to by its connections.
#[derive(Debug)]
pub(crate) struct ListenerCounters {
    pub(crate) listener: Listener,
    pub(crate) address: SocketAddr,
    pub(crate) connections: Counter,
    pub(crate) handshakes: Counter,
    pub(crate) accepted: Counter,
    pub(crate) connects: Counter,
    pub(crate) refused: Counter,
    pub(crate) unfinished: Counter,
    pub(crate) protocol_errors: Counter,
    pub(crate) messages_in: Counter,
    pub(crate) publishes_denied: Counter,
    pub(crate) publishes_too_large: Counter,
    pub(crate) acknowledged: Counter,
    pub(crate) messages_out: Counter,
    pub(crate) dropped: Counter,
    pub(crate) bytes_in: Counter,
    pub(crate) bytes_out: Counter,
}

impl ListenerCounters {
    pub(crate) fn new(listener: Listener, address: SocketAddr) -> Self {
        Self {
            listener,
            address,
            connections: Counter::default(),
            handshakes: Counter::default(),
            accepted: Counter::default(),
            connects: Counter::default(),
            refused: Counter::default(),
            unfinished: Counter::default(),
            protocol_errors: Counter::default(),
            messages_in: Counter::default(),
            publishes_denied: Counter::default(),
            publishes_too_large: Counter::default(),
            acknowledged: Counter::default(),
            messages_out: Counter::default(),
            dropped: Counter::default(),
            bytes_in: Counter::default(),
            bytes_out: Counter::default(),
        }
    }

    pub(crate) fn read(&self) -> ListenerStats {
        ListenerStats {
            listener: self.listener,
            address: self.address,
            connections: self.connections.get(),
            handshakes: self.handshakes.get(),
            accepted: self.accepted.get(),
            connects: self.connects.get(),
            refused: self.refused.get(),
            unfinished: self.unfinished.get(),
            protocol_errors: self.protocol_errors.get(),
            messages_in: self.messages_in.get(),
            publishes_denied: self.publishes_denied.get(),
            publishes_too_large: self.publishes_too_large.get(),
            acknowledged: self.acknowledged.get(),
            messages_out: self.messages_out.get(),
            dropped: self.dropped.get(),
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out.get(),
        }
    }
}

/// The counters of one agency.
#[derive(Debug)]
pub(crate) struct AgencyCounters {
    pub(crate) agency: Arc<str>,
    pub(crate) connections: Counter,
    pub(crate) connects: Counter,
    pub(crate) messages_in: Counter,
    pub(crate) acknowledged: Counter,
    pub(crate) dropped: Counter,
}

impl AgencyCounters {
    pub(crate) fn new(agency: Arc<str>) -> Self {
        Self {
            agency,
            connections: Counter::default(),
            connects: Counter::default(),
            messages_in: Counter::default(),
            acknowledged: Counter::default(),
            dropped: Counter::default(),
        }
    }

    pub(crate) fn read(&self) -> AgencyStats {
        AgencyStats {
            agency: self.agency.clone(),
            connections: self.connections.get(),
            connects: self.connects.get(),
            messages_in: self.messages_in.get(),
            acknowledged: self.acknowledged.get(),
            dropped: self.dropped.get(),
        }
    }
}

/// The counters of [`WorkStats`], added to by all workers.
#[derive(Debug, Default)]
pub(crate) struct WorkCounters {
    subscribes: Counter,
    subscribing: Counter,
    longest_subscribe: AtomicU64,
    retained_turns: Counter,
    retained_steps: Counter,
    sending_retained: Counter,
    longest_retained_turn: AtomicU64,
}

impl WorkCounters {
    pub(crate) fn subscribed(&self, took: Duration) {
        let nanos = took.as_nanos() as u64;
        self.subscribes.add(1);
        self.subscribing.add(nanos);
        self.longest_subscribe.fetch_max(nanos, Ordering::Relaxed);
    }

    pub(crate) fn retained(&self, steps: u64, took: Duration) {
        let nanos = took.as_nanos() as u64;
        self.retained_turns.add(1);
        self.retained_steps.add(steps);
        self.sending_retained.add(nanos);
        self.longest_retained_turn
            .fetch_max(nanos, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> WorkStats {
        let longest = |it: &AtomicU64| Duration::from_nanos(it.load(Ordering::Relaxed));
        WorkStats {
            subscribes: self.subscribes.get(),
            subscribing: Duration::from_nanos(self.subscribing.get()),
            longest_subscribe: longest(&self.longest_subscribe),
            retained_turns: self.retained_turns.get(),
            retained_steps: self.retained_steps.get(),
            sending_retained: Duration::from_nanos(self.sending_retained.get()),
            longest_retained_turn: longest(&self.longest_retained_turn),
        }
    }
}

/// How fast a connection publishes, from marks of its counter a minute apart.
#[derive(Debug)]
pub(crate) struct RateMeter {
    marks: Mutex<[(Instant, u64); 2]>,
}

/// Between two marks.
const MARK_PERIOD: Duration = Duration::from_secs(60);

impl RateMeter {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            marks: Mutex::new([(now, 0); 2]),
        }
    }

    /// Called now and then.
    pub(crate) fn mark(&self, count: u64, now: Instant) {
        let mut marks = self.marks.lock();
        if now.duration_since(marks[1].0) >= MARK_PERIOD {
            *marks = [marks[1], (now, count)];
        }
    }

    /// Messages a second since the mark before the last.
    pub(crate) fn read(&self, count: u64) -> f64 {
        let (since, before) = self.marks.lock()[0];
        let seconds = since.elapsed().as_secs_f64().max(1.0);
        count.saturating_sub(before) as f64 / seconds
    }
}

/// A number that many threads add to and that nobody orders anything by.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Adding nothing touches nothing: most batches change few counters.
    pub(crate) fn add(&self, n: u64) {
        if n > 0 {
            self.0.fetch_add(n, Ordering::Relaxed);
        }
    }

    pub(crate) fn subtract(&self, n: u64) {
        self.0.fetch_sub(n, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
