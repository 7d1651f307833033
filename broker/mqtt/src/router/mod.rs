//! From a message to its subscribers, from any thread.
//!
//! Publishing takes a read lock on the subscriptions, puts each message into
//! the bounded queues of those it reaches, and wakes each worker once for the
//! whole batch. Nothing waits for a subscriber. Who subscribes takes the write
//! lock for a moment, and waits no longer than for a bounded number of
//! deliveries. The two realms have nothing in common but the workers.

mod attachment;
mod endpoint;
mod inbox;
mod retained;
mod subscribers;
#[cfg(test)]
mod tests;
mod trie;

use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use domain::Offset;
use parking_lot::{Mutex, RwLock};
use smallvec::SmallVec;

pub(crate) use attachment::Attachment;
pub(crate) use endpoint::{Drained, Endpoint};
pub(crate) use inbox::Inbox;
use retained::RetainedMessages;
use subscribers::Subscriber;
use transport::{LogPosition, Realm, RetainedEnd, TopicFilter};
use trie::{Group, Reached, Trie};

use super::codec::Qos;
use super::message::{Delivery, Message};
use super::session::{Routed, Subscription};
use crate::stats::Counter;

/// Deliveries under one hold of the lock, a message's own left aside: about
/// 0.2 ms.
const HOLD_DELIVERIES: usize = 2_048;
/// Deliveries after which the caller may let others run: some five
/// milliseconds. In shorter turns it goes from core to core more often, and
/// leaves what it works on in the other's cache.
const TURN_DELIVERIES: usize = 65_536;
/// Deliveries after which the subscribers are woken although more follow: some
/// 25 milliseconds. Whoever is woken more often writes more and smaller packets.
const WAKE_DELIVERIES: usize = 262_144;
/// Messages after which they are woken too: an eighth of what one of them may
/// have waiting.
const WAKE_MESSAGES: usize = 1_024;

pub(crate) struct Router {
    platform: RwLock<Trie>,
    /// Of the platform's realm, for those who only want to know how many.
    standing: AtomicUsize,
    unprotected: RwLock<Trie>,
    retained: RetainedMessages,
    inboxes: Box<[Inbox]>,
    /// Whom [`Router::publish`] has reached and not woken yet.
    reached: Mutex<Wakes>,
    routed: Counter,
    /// All messages of the log before it have reached whom they reach. Written
    /// under a read lock of `platform`, so that who holds the write lock sees
    /// no batch half way.
    published: AtomicU64,
}

impl Router {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            platform: RwLock::default(),
            standing: AtomicUsize::new(0),
            unprotected: RwLock::default(),
            retained: RetainedMessages::default(),
            inboxes: (0..workers).map(|_| Inbox::default()).collect(),
            reached: Mutex::new(Wakes::new(workers)),
            routed: Counter::default(),
            published: AtomicU64::new(0),
        }
    }

    pub(crate) fn inbox(&self, worker: usize) -> &Inbox {
        &self.inboxes[worker]
    }

    pub(crate) fn inboxes(&self) -> &[Inbox] {
        &self.inboxes
    }

    fn trie(&self, realm: Realm) -> &RwLock<Trie> {
        match realm {
            Realm::Platform => &self.platform,
            Realm::Unprotected => &self.unprotected,
        }
    }

    /// Of the platform's realm.
    pub(crate) fn subscription_count(&self) -> u64 {
        self.standing.load(Ordering::Relaxed) as u64
    }

    pub(crate) fn routed(&self) -> u64 {
        self.routed.get()
    }

    pub(crate) fn published(&self) -> LogPosition {
        LogPosition::from_raw(self.published.load(Ordering::Acquire))
    }

    /// Adds subscriptions of one session, or replaces the options of those that
    /// stand.
    pub(crate) fn subscribe_all<'a>(
        &self,
        endpoint: &Arc<Endpoint>,
        subscriptions: impl IntoIterator<Item = &'a Subscription>,
    ) {
        let mut subscriptions = subscriptions.into_iter().peekable();
        if subscriptions.peek().is_none() {
            return;
        }
        let mut trie = self.trie(endpoint.realm).write();
        for subscription in subscriptions {
            let subscriber = Subscriber {
                endpoint: endpoint.clone(),
                options: subscription.options,
                id: subscription.id,
            };
            let group = subscription.group.as_deref();
            if trie.insert(&subscription.filter, group, subscriber) {
                endpoint.subscriptions.add(1);
            }
        }
        self.count(endpoint.realm, &trie);
    }

    fn count(&self, realm: Realm, trie: &Trie) {
        if realm == Realm::Platform {
            self.standing.store(trie.len(), Ordering::Relaxed);
        }
    }

    /// Removes subscriptions of one session, at once: either all of them have seen a message of
    /// the log or none has. Returns how far they have seen it.
    pub(crate) fn unsubscribe_all(
        &self,
        endpoint: &Arc<Endpoint>,
        subscriptions: &[Subscription],
    ) -> LogPosition {
        if subscriptions.is_empty() {
            return self.published();
        }
        let mut trie = self.trie(endpoint.realm).write();
        for subscription in subscriptions {
            let group = subscription.group.as_deref();
            if trie.remove(&subscription.filter, group, endpoint) {
                endpoint.subscriptions.subtract(1);
            }
        }
        self.count(endpoint.realm, &trie);
        self.published()
    }

    /// Gives messages of the log to all whom they reach, one turn of it:
    /// whether some may be left. They are in order, and the frame of the last
    /// one is whole. The last turn of a batch wakes all that were reached.
    pub(crate) fn publish(&self, messages: &mut impl Iterator<Item = Message>) -> bool {
        let mut wakes = self.reached.lock();
        let (mut turn, mut count, mut last, mut more) = (0, 0, None, true);
        while more && turn < TURN_DELIVERIES {
            let trie = self.platform.read();
            let mut held = 0;
            while more && held < HOLD_DELIVERIES {
                let Some(message) = messages.next() else {
                    more = false;
                    break;
                };
                count += 1;
                last = message.position.or(last);
                wakes.messages += 1;
                held += 1 + fan_out(&trie, &Arc::new(message), None, &mut wakes);
            }
            // Whoever gets the lock next has seen all before it, of a frame
            // that is under way too.
            let through = last.map_or_else(|| self.published(), LogPosition::next);
            let through = if more { through } else { through.frame_end() };
            self.published.fetch_max(through.get(), Ordering::AcqRel);
            turn += held;
            drop(trie);
            if !more || wakes.deliveries >= WAKE_DELIVERIES || wakes.messages >= WAKE_MESSAGES {
                wakes.send(&self.inboxes);
            }
        }
        self.routed.add(count);
        more
    }

    /// What the frames hold is not published. A session reads them from the
    /// log; a member of a group cannot, so one of each group is told of them.
    pub(crate) fn pass_over(&self, frames: &RangeInclusive<Offset>) {
        let first = LogPosition::at(*frames.start());
        let after = LogPosition::at(frames.end().next());
        let lost = (frames.end().get() + 1).saturating_sub(frames.start().get());
        let mut wakes = Wakes::new(self.inboxes.len());
        let mut place = Some(0);
        while let Some(from) = place {
            let trie = self.platform.read();
            // Who leaves between two holds goes on before the frames, who comes
            // begins after them.
            place = trie.each(from, HOLD_DELIVERIES, &mut |reached| match reached {
                Reached::One(subscriber) => {
                    let endpoint = &subscriber.endpoint;
                    if let Some(worker) = endpoint.pass_over(first, after) {
                        wakes.woken[worker].push(endpoint.clone());
                    }
                }
                Reached::OneOf(group) => {
                    if let Some(member) = group.next(0) {
                        member.endpoint.lose(lost);
                    }
                }
            });
            if place.is_none() {
                self.published.fetch_max(after.get(), Ordering::AcqRel);
            }
        }
        wakes.send(&self.inboxes);
    }

    /// Gives a client's message to the others of its realm. `publisher` is the
    /// session that it came from, for subscriptions that want none of their own.
    pub(crate) fn route(&self, message: Message, publisher: &Arc<Endpoint>) -> Routed {
        let message = Arc::new(message);
        if message.retain {
            self.retained.keep(&message);
        }
        let mut wakes = Wakes::new(self.inboxes.len());
        let trie = self.trie(publisher.realm).read();
        fan_out(&trie, &message, Some(publisher), &mut wakes);
        drop(trie);
        self.routed.add(1);
        wakes.send(&self.inboxes);
        Routed::done()
    }

    /// Retained messages of the unprotected realm.
    pub(crate) fn retained(
        &self,
        filter: &TopicFilter,
        place: &mut u64,
        steps: &mut usize,
        visit: impl FnMut(&Arc<Message>) -> ControlFlow<()>,
    ) -> RetainedEnd {
        self.retained.look(filter, place, steps, visit)
    }

    /// A member has left its groups: what it had of them goes to others, one
    /// turn of it. Whether some may be left.
    pub(crate) fn pass_on(
        &self,
        realm: Realm,
        groups: &[Subscription],
        left: &mut impl Iterator<Item = Delivery>,
    ) -> bool {
        let mut wakes = Wakes::new(self.inboxes.len());
        let trie = self.trie(realm).read();
        let (mut steps, mut more) = (0, true);
        while steps < HOLD_DELIVERIES {
            let Some(delivery) = left.next() else {
                more = false;
                break;
            };
            steps += 1 + groups.len();
            let group = groups.iter().find_map(|it| {
                let name = it.group.as_deref()?;
                let matches = it.filter.matches(&delivery.message.topic);
                matches.then(|| trie.group(&it.filter, name))?
            });
            if let Some(group) = group {
                give_to_one(group, &delivery.message, &mut wakes);
            }
        }
        drop(trie);
        wakes.send(&self.inboxes);
        more
    }
}

/// Whom each worker has to be told of.
struct Wakes {
    woken: SmallVec<[Vec<Arc<Endpoint>>; 8]>,
    messages: usize,
    deliveries: usize,
}

impl Wakes {
    fn new(workers: usize) -> Self {
        let mut woken = SmallVec::new();
        woken.resize_with(workers, Vec::new);
        Self {
            woken,
            messages: 0,
            deliveries: 0,
        }
    }

    fn give(&mut self, endpoint: &Arc<Endpoint>, delivery: Delivery) {
        self.deliveries += 1;
        if let Some(worker) = endpoint.push(delivery) {
            self.woken[worker].push(endpoint.clone());
        }
    }

    fn send(&mut self, inboxes: &[Inbox]) {
        for (inbox, endpoints) in inboxes.iter().zip(&mut self.woken) {
            inbox.deliver(endpoints);
        }
        self.messages = 0;
        self.deliveries = 0;
    }
}

/// Returns how many it reached.
fn fan_out(
    trie: &Trie,
    message: &Arc<Message>,
    publisher: Option<&Arc<Endpoint>>,
    wakes: &mut Wakes,
) -> usize {
    let mut several: SmallVec<[&Subscriber; 16]> = SmallVec::new();
    let mut count = 0;
    trie.matching(&message.topic, &mut |found| match found {
        Reached::One(subscriber) => {
            count += 1;
            let own = publisher.is_some_and(|it| Arc::ptr_eq(it, &subscriber.endpoint));
            if own && subscriber.options.no_local {
                return;
            }
            if subscriber.endpoint.subscriptions.get() > 1 {
                several.push(subscriber);
            } else {
                give(&[subscriber], message, wakes);
            }
        }
        Reached::OneOf(group) => {
            count += 1;
            give_to_one(group, message, wakes);
        }
    });
    // Only a session with several subscriptions can be reached twice; it then
    // gets one copy, with the highest QoS and all identifiers.
    if several.len() > 1 {
        several.sort_by_key(|subscriber| Arc::as_ptr(&subscriber.endpoint));
    }
    for same in several.chunk_by(|a, b| Arc::ptr_eq(&a.endpoint, &b.endpoint)) {
        give(same, message, wakes);
    }
    count
}

/// To one session, by those of its subscriptions that the message matches.
fn give(same: &[&Subscriber], message: &Arc<Message>, wakes: &mut Wakes) {
    let granted = same.iter().map(|s| s.options.qos).max();
    let delivery = Delivery {
        qos: granted.unwrap_or(Qos::AtMostOnce).min(message.qos),
        retain: message.retain && same.iter().any(|s| s.options.retain_as_published),
        shared: false,
        subscription_ids: same.iter().filter_map(|s| s.id).collect(),
        message: message.clone(),
    };
    wakes.give(&same[0].endpoint, delivery);
}

fn give_to_one(group: &Group, message: &Arc<Message>, wakes: &mut Wakes) {
    let Some(member) = group.next(message.bytes()) else {
        return;
    };
    let delivery = Delivery {
        qos: member.options.qos.min(message.qos),
        retain: message.retain && member.options.retain_as_published,
        shared: true,
        subscription_ids: member.id.into_iter().collect(),
        message: message.clone(),
    };
    wakes.give(&member.endpoint, delivery);
}
