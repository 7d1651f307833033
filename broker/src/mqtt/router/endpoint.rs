//! What other threads may touch of a connection: who it is, what waits for it,
//! and what it has counted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;

use crate::access::{Listener, Protocol};
use crate::config::Config;
use crate::mqtt::message::Delivery;
use crate::mqtt::session::DeliveryQueue;
use crate::stats::{ConnectionInfo, Counter, ListenerCounters};

pub(crate) struct Endpoint {
    /// The worker whose connection it is, and the place there.
    pub(crate) worker: usize,
    pub(crate) slot: usize,
    pub(crate) identity: Identity,
    pub(crate) subscriptions: Counter,
    pub(crate) messages_in: Counter,
    pub(crate) messages_out: Counter,
    dropped: Counter,
    listener_counters: Arc<ListenerCounters>,
    mailbox: Mutex<Mailbox>,
}

/// Who is at the other end.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) session_owner: Box<str>,
    pub(crate) client_id: Box<str>,
    pub(crate) login: Option<Box<str>>,
    pub(crate) peer: SocketAddr,
    pub(crate) listener: Listener,
    pub(crate) protocol: Protocol,
    /// Seconds; 0 is none.
    pub(crate) keep_alive: u16,
}

struct Mailbox {
    queue: DeliveryQueue,
    /// The worker knows that there is something to deliver.
    announced: bool,
    since: SystemTime,
}

/// How far a connection came with its mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Drained {
    /// Nothing waits; the next message announces itself.
    Empty,
    /// The connection comes back by itself when it has room again.
    Blocked,
}

impl Endpoint {
    pub(crate) fn new(
        worker: usize,
        slot: usize,
        identity: Identity,
        counters: Arc<ListenerCounters>,
        config: &Config,
    ) -> Arc<Self> {
        Arc::new(Self {
            worker,
            slot,
            identity,
            subscriptions: Counter::default(),
            messages_in: Counter::default(),
            messages_out: Counter::default(),
            dropped: Counter::default(),
            listener_counters: counters,
            mailbox: Mutex::new(Mailbox {
                queue: DeliveryQueue::new(config.queue_messages, config.queue_bytes),
                announced: false,
                since: SystemTime::now(),
            }),
        })
    }

    /// Queues a delivery; true where the worker has to be told.
    pub(super) fn push(&self, delivery: Delivery) -> bool {
        let mut mailbox = self.mailbox.lock();
        let dropped = mailbox.queue.push(delivery);
        let tell = !mailbox.announced;
        mailbox.announced = true;
        drop(mailbox);
        self.drop_counted(dropped);
        tell
    }

    /// Hands deliveries to `take` until it refuses one or none is left. The
    /// publishers of this one endpoint wait meanwhile, so `take` only copies.
    pub(crate) fn drain(&self, mut take: impl FnMut(&Delivery) -> bool) -> Drained {
        let mut mailbox = self.mailbox.lock();
        while let Some(delivery) = mailbox.queue.front() {
            if !take(delivery) {
                return Drained::Blocked;
            }
            mailbox.queue.pop();
        }
        mailbox.announced = false;
        Drained::Empty
    }

    pub(crate) fn drop_counted(&self, messages: u64) {
        self.dropped.add(messages);
        self.listener_counters.dropped.add(messages);
    }

    pub(crate) fn info(&self) -> ConnectionInfo {
        let mailbox = self.mailbox.lock();
        let (since, queued) = (mailbox.since, mailbox.queue.len());
        drop(mailbox);
        ConnectionInfo {
            client_id: self.identity.client_id.to_string(),
            since,
            peer: self.identity.peer,
            listener: self.identity.listener,
            protocol: self.identity.protocol,
            keep_alive: self.identity.keep_alive,
            messages_in: self.messages_in.get(),
            messages_out: self.messages_out.get(),
            dropped: self.dropped.get(),
            queued,
        }
    }

    #[cfg(test)]
    pub(super) fn for_test(worker: usize) -> Arc<Self> {
        let address = "127.0.0.1:1".parse().unwrap();
        let identity = Identity {
            session_owner: "".into(),
            client_id: "".into(),
            login: None,
            peer: address,
            listener: Listener::Mqtt,
            protocol: Protocol::V5,
            keep_alive: 0,
        };
        let counters = Arc::new(ListenerCounters::new(Listener::Mqtt, address));
        Self::new(worker, 0, identity, counters, &Config::default())
    }
}
