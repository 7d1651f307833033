//! From a message to its subscribers, from any thread.
//!
//! Publishing takes a read lock on the subscriptions, puts each message into
//! the bounded queues of those it reaches, and wakes each worker once for the
//! whole batch. Nothing waits for a subscriber.

mod endpoint;
mod inbox;
mod trie;

use std::sync::Arc;

use parking_lot::RwLock;
use smallvec::SmallVec;

pub(crate) use endpoint::{Drained, Endpoint, Identity};
pub(crate) use inbox::Inbox;
use trie::{Subscriber, Trie};

use super::codec::Qos;
use super::message::{Delivery, Message};
use super::session::{Routed, Subscription};
use super::topic::TopicFilter;
use crate::stats::Counter;

pub(crate) struct Router {
    subscriptions: RwLock<Trie>,
    inboxes: Box<[Inbox]>,
    routed: Counter,
}

impl Router {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            subscriptions: RwLock::new(Trie::default()),
            inboxes: (0..workers).map(|_| Inbox::default()).collect(),
            routed: Counter::default(),
        }
    }

    pub(crate) fn inbox(&self, worker: usize) -> &Inbox {
        &self.inboxes[worker]
    }

    pub(crate) fn inboxes(&self) -> &[Inbox] {
        &self.inboxes
    }

    pub(crate) fn subscription_count(&self) -> u64 {
        self.subscriptions.read().len() as u64
    }

    pub(crate) fn routed(&self) -> u64 {
        self.routed.get()
    }

    /// Adds a subscription, or replaces the options of the one that stands.
    pub(crate) fn subscribe(&self, endpoint: &Arc<Endpoint>, subscription: &Subscription) {
        let mut trie = self.subscriptions.write();
        let subscriber = Subscriber {
            endpoint: endpoint.clone(),
            options: subscription.options,
            id: subscription.id,
        };
        if trie.insert(&subscription.filter, subscriber) {
            endpoint.subscriptions.add(1);
        }
    }

    pub(crate) fn unsubscribe(&self, endpoint: &Arc<Endpoint>, filter: &TopicFilter) {
        if self.subscriptions.write().remove(filter, endpoint) {
            endpoint.subscriptions.subtract(1);
        }
    }

    /// Gives messages to all whom they reach. `publisher` is the connection
    /// that they came from, for subscriptions that want none of their own.
    pub(crate) fn publish(
        &self,
        messages: impl IntoIterator<Item = Message>,
        publisher: Option<&Arc<Endpoint>>,
    ) -> Routed {
        let trie = self.subscriptions.read();
        let mut woken: SmallVec<[Vec<Arc<Endpoint>>; 8]> = SmallVec::new();
        woken.resize_with(self.inboxes.len(), Vec::new);
        let mut count = 0;
        for message in messages {
            count += 1;
            fan_out(&trie, message, publisher, &mut woken);
        }
        drop(trie);
        for (inbox, endpoints) in self.inboxes.iter().zip(woken) {
            inbox.deliver(endpoints);
        }
        self.routed.add(count);
        Routed::done()
    }
}

fn fan_out(
    trie: &Trie,
    message: Message,
    publisher: Option<&Arc<Endpoint>>,
    woken: &mut [Vec<Arc<Endpoint>>],
) {
    let mut reached: SmallVec<[&Subscriber; 16]> = SmallVec::new();
    trie.matching(&message.topic, &mut |subscriber| {
        let own = publisher.is_some_and(|it| Arc::ptr_eq(it, &subscriber.endpoint));
        if !(own && subscriber.options.no_local) {
            reached.push(subscriber);
        }
    });
    // Only a session with several subscriptions can be reached twice; it then
    // gets one copy, with the highest QoS and all identifiers.
    if reached.len() > 1 && reached.iter().any(|s| s.endpoint.subscriptions.get() > 1) {
        reached.sort_by_key(|subscriber| Arc::as_ptr(&subscriber.endpoint));
    }
    let message = Arc::new(message);
    for same in reached.chunk_by(|a, b| Arc::ptr_eq(&a.endpoint, &b.endpoint)) {
        let endpoint = &same[0].endpoint;
        let granted = same.iter().map(|s| s.options.qos).max();
        let delivery = Delivery {
            qos: granted.unwrap_or(Qos::AtMostOnce).min(message.qos),
            retain: message.retain && same.iter().any(|s| s.options.retain_as_published),
            subscription_ids: same.iter().filter_map(|s| s.id).collect(),
            message: message.clone(),
        };
        if endpoint.push(delivery) {
            woken[endpoint.worker].push(endpoint.clone());
        }
    }
}
