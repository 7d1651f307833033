//! What the server counts: each count's name, and its help in `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($name:ident: $help:literal,)*) => {
        /// Counts since the start.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct Stats {
            $(#[doc = $help] pub $name: u64,)*
        }

        impl Stats {
            /// Name, help and value of each.
            pub fn each(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
                [$((stringify!($name), $help, self.$name)),*].into_iter()
            }
        }

        /// The same while they grow. Written by two threads, read by any.
        #[derive(Debug, Default)]
        pub(super) struct Counters {
            $(pub(super) $name: Counter,)*
        }

        impl Counters {
            pub(super) fn read(&self) -> Stats {
                Stats { $($name: self.$name.0.load(Ordering::Relaxed),)* }
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
    datagrams_in: "Datagrams received",
    bytes_in: "Bytes received",
    datagrams_out: "Datagrams sent",
    bytes_out: "Bytes sent",
    send_failed: "Datagrams that the kernel refused to send",
    source_limited: "Datagrams dropped: their source sends too many, or from port 0",
    malformed: "Datagrams that are no CoAP message",
    pings: "Pings answered",
    duplicates: "Repeats of a request that was taken already",
    rejected_requests: "Requests that are no telemetry, or ask for what is not understood",
    transfers_refused: "Block1 transfers ended by a gap, an overlap or a bound",
    unreadable_signatures: "Bodies that are no COSE_Sign1 of the expected form",
    refused: "Messages of unknown, revoked or expired devices, and forged signatures",
    unchecked: "Messages that were not looked at, since too many that did not verify came before them",
    repeated_messages: "Signed messages that came again and were answered by their receipt",
    replayed: "Messages whose epoch and sequence another message has used",
    device_limited: "Messages beyond the rate of their device",
    overloaded: "Messages turned away, since too many waited for durability",
    accepted: "Messages made durable and answered 2.04",
    unreadable_payloads: "Messages made durable whose payload could not be read",
    separate_answers: "Answers that did not ride on the ACK",
    retransmissions: "Separate answers sent again",
    unacknowledged: "Separate answers that nobody acknowledged",
    sink_faults: "Messages that could not be made durable",
}
