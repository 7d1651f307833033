//! What the server counts.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counts since the start.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct CoapStats {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The same while they grow. Written by two threads, read by any.
        #[derive(Debug, Default)]
        pub(super) struct Counters {
            $(pub(super) $name: Counter,)*
        }

        impl Counters {
            pub(super) fn read(&self) -> CoapStats {
                CoapStats { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }
        }
    };
}

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn increment(&self) {
        self.add(1);
    }
}

counters! {
    datagrams_in,
    bytes_in,
    datagrams_out,
    bytes_out,
    /// The kernel refused to send: an unreachable peer, a full buffer.
    send_failed,
    /// Source port 0, or over the source's bucket.
    source_limited,
    malformed,
    pings,
    /// Repeats of a request that was taken already.
    duplicates,
    /// Requests that are no telemetry, or ask for what is not understood.
    rejected_requests,
    /// Block1 transfers ended by a gap, an overlap or a bound.
    transfers_refused,
    /// The body is no COSE_Sign1 of the expected form.
    unreadable_signatures,
    /// Unknown, revoked or expired devices, and forged signatures.
    refused,
    /// Not looked at: too much that did not verify came before it, from its
    /// address or in its device's name.
    unchecked,
    /// The same signed message in a new request: answered by its receipt.
    repeated_messages,
    /// Epoch and sequence used before for another message.
    replayed,
    device_limited,
    /// Too many messages waited for durability.
    overloaded,
    /// Answered 2.04.
    accepted,
    /// Durable, but answered 4.00.
    unreadable_payloads,
    /// Answers that did not ride on the ACK.
    separate_answers,
    retransmissions,
    /// Separate answers that nobody acknowledged.
    unacknowledged,
    sink_faults,
}
