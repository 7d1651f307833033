//! What other threads may touch of a session: whose it is, what waits for it,
//! and where its connection sits, if it has one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use parking_lot::Mutex;

use crate::access::{Listener, Protocol, Realm};
use crate::config::Config;
use crate::mqtt::account::Account;
use crate::mqtt::message::Delivery;
use crate::mqtt::session::DeliveryQueue;
use crate::session_store::{BacklogPage, LogPosition, SessionKey};
use crate::stats::{AgencyCounters, ConnectionInfo, Counter, ListenerCounters, RateMeter};

pub(crate) struct Endpoint {
    pub(crate) key: Arc<SessionKey>,
    pub(crate) realm: Realm,
    /// Those that stand in the tree.
    pub(crate) subscriptions: Counter,
    pub(crate) account: Arc<Account>,
    /// Subscriptions of the session that count for the account.
    counted: AtomicUsize,
    mailbox: Mutex<Mailbox>,
}

/// A connection as others know it.
pub(crate) struct Seat {
    /// The worker whose connection it is, and the place there.
    pub(crate) worker: usize,
    pub(crate) slot: usize,
    pub(crate) login: Option<Box<str>>,
    pub(crate) peer: SocketAddr,
    pub(crate) protocol: Protocol,
    /// Seconds; 0 is none.
    pub(crate) keep_alive: u16,
    /// Seconds that the session outlives the connection.
    pub(crate) session_expiry: u32,
    pub(crate) since: SystemTime,
    pub(crate) messages_in: Counter,
    pub(crate) messages_out: Counter,
    pub(crate) rate: RateMeter,
    pub(crate) dropped: Counter,
    pub(crate) listener: Arc<ListenerCounters>,
    pub(crate) agency: Option<Arc<AgencyCounters>>,
}

struct Mailbox {
    queue: DeliveryQueue,
    /// Since the queue was last empty it was given a message of the log that
    /// the subscriber acknowledges: none of those may give way.
    owes: bool,
    /// The worker knows that there is something to deliver.
    announced: bool,
    seat: Option<Arc<Seat>>,
    feed: Feed,
    /// Messages that gave way since the connection last asked.
    lost: u64,
}

/// Where a session's messages come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Feed {
    /// As they are published; those of the log from a position on.
    Live { from: LogPosition },
    /// From the log, until it has caught up. `skipped` is the last message
    /// that was published meanwhile.
    Behind {
        next: LogPosition,
        skipped: Option<LogPosition>,
    },
}

/// How far a connection came with its mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Drained {
    /// Nothing waits; the next message announces itself.
    Empty,
    /// Nothing waits, and the log has to be read on from here.
    Behind(LogPosition),
    /// The connection comes back by itself when it has room again.
    Blocked,
}

impl Endpoint {
    /// `end`: where the log ends at its beginning.
    pub(crate) fn new(
        key: Arc<SessionKey>,
        realm: Realm,
        end: LogPosition,
        account: Arc<Account>,
        config: &Config,
    ) -> Arc<Self> {
        Arc::new(Self {
            key,
            realm,
            subscriptions: Counter::default(),
            account,
            counted: AtomicUsize::new(0),
            mailbox: Mutex::new(Mailbox {
                queue: DeliveryQueue::new(config.queue_messages, config.queue_bytes),
                owes: false,
                announced: false,
                seat: None,
                feed: Feed::Live { from: end },
                lost: 0,
            }),
        })
    }

    /// Whether the account has room for one more subscription of the session.
    pub(crate) fn take_subscription(&self, config: &Config) -> bool {
        let taken = self.account.take_subscription(config);
        self.counted
            .fetch_add(usize::from(taken), Ordering::Relaxed);
        taken
    }

    /// The session comes with so many.
    pub(crate) fn add_subscriptions(&self, count: usize) {
        self.account.add_subscriptions(count);
        self.counted.fetch_add(count, Ordering::Relaxed);
    }

    /// The session has so many fewer.
    pub(crate) fn release_subscriptions(&self, count: usize) {
        self.account.release_subscriptions(count);
        self.counted.fetch_sub(count, Ordering::Relaxed);
    }

    /// A connection has the session from now on.
    pub(crate) fn sit(&self, seat: Arc<Seat>) {
        let mut mailbox = self.mailbox.lock();
        mailbox.seat = Some(seat);
        mailbox.announced = false;
    }

    pub(crate) fn seat(&self) -> Option<Arc<Seat>> {
        self.mailbox.lock().seat.clone()
    }

    /// The session goes on with the log from here.
    pub(crate) fn fall_behind(&self, next: LogPosition) {
        let skipped = None;
        self.mailbox.lock().feed = Feed::Behind { next, skipped };
    }

    /// Its connection has ended, and nothing of the log reaches it any more.
    /// `published`: all before it has reached it. Returns where to go on, and
    /// what was queued for a group.
    pub(crate) fn rise(&self, published: LogPosition) -> (LogPosition, Vec<Delivery>) {
        let mut mailbox = self.mailbox.lock();
        mailbox.seat = None;
        mailbox.announced = false;
        let mut next = match mailbox.feed {
            Feed::Live { from } => from.max(published),
            Feed::Behind { next, .. } => next,
        };
        let mut shared = Vec::new();
        if self.realm == Realm::Platform {
            mailbox.owes = false;
            while let Some(delivery) = mailbox.queue.pop() {
                match delivery.shared {
                    true => shared.push(delivery),
                    false => next = next.min(delivery.position()),
                }
            }
        }
        (next, shared)
    }

    /// Before which everything was delivered, if nothing is in flight.
    pub(crate) fn delivered(&self, published: LogPosition) -> LogPosition {
        let mailbox = self.mailbox.lock();
        let next = match mailbox.feed {
            Feed::Live { from } => from.max(published),
            Feed::Behind { next, .. } => next,
        };
        match mailbox.queue.front() {
            Some(delivery) => next.min(delivery.position()),
            None => next,
        }
    }

    /// Queues a delivery; the worker that has to be told, if one has to be.
    pub(super) fn push(&self, delivery: Delivery) -> Option<usize> {
        let mut mailbox = self.mailbox.lock();
        let mailbox = &mut *mailbox;
        if let (Some(position), false) = (delivery.message.position, delivery.shared) {
            let owed = mailbox.owes || delivery.is_acknowledged();
            let is_safe = !owed || mailbox.queue.has_room(delivery.message.bytes());
            match &mut mailbox.feed {
                Feed::Live { from } if position < *from => return None,
                Feed::Live { .. } if !is_safe => {
                    // It is not lost: the log has it.
                    let skipped = Some(position);
                    let next = position;
                    mailbox.feed = Feed::Behind { next, skipped };
                    // The mailbox may be empty still.
                    return mailbox.announce();
                }
                Feed::Live { .. } => mailbox.owes = owed,
                Feed::Behind { skipped, .. } => {
                    *skipped = Some(position);
                    return None;
                }
            }
        }
        let Some(seat) = &mailbox.seat else {
            if delivery.is_acknowledged() {
                mailbox.lost += mailbox.queue.push(delivery);
            }
            return None;
        };
        if self.realm == Realm::Platform && !mailbox.queue.has_room(delivery.message.bytes()) {
            // What the log would bring again must not give way to what it
            // would not.
            let front = mailbox.queue.front();
            if front.is_some_and(|it| it.is_acknowledged() && !it.shared) {
                mailbox.lost += 1;
                seat.drop_counted(1);
                return None;
            }
        }
        let dropped = mailbox.queue.push(delivery);
        if dropped > 0 {
            mailbox.lost += dropped;
            seat.drop_counted(dropped);
        }
        mailbox.announce()
    }

    /// The messages from `first` to before `behind` are not published: it gets
    /// them from the log. Returns the worker that has to be told.
    pub(super) fn pass_over(&self, first: LogPosition, behind: LogPosition) -> Option<usize> {
        let mut mailbox = self.mailbox.lock();
        let mailbox = &mut *mailbox;
        // It has not caught up before a page ends behind them all.
        let last = Some(LogPosition::from_raw(behind.get().checked_sub(1)?));
        match &mut mailbox.feed {
            Feed::Live { from } if *from >= behind => return None,
            Feed::Live { from } => {
                mailbox.feed = Feed::Behind {
                    next: first.max(*from),
                    skipped: last,
                };
            }
            Feed::Behind { skipped, .. } => *skipped = last.max(*skipped),
        }
        mailbox.announce()
    }

    /// Messages of a group's are gone: it is told with the next one.
    pub(super) fn lose(&self, messages: u64) {
        let mut mailbox = self.mailbox.lock();
        mailbox.lost += messages;
        if let Some(seat) = &mailbox.seat {
            seat.drop_counted(messages);
        }
    }

    /// Whether a group should rather give a message of that size to this one.
    pub(super) fn is_ready(&self, bytes: usize) -> bool {
        let mailbox = self.mailbox.lock();
        mailbox.seat.is_some() && mailbox.queue.has_room(bytes)
    }

    /// What a page of the log is to the session: as much as the mailbox has room
    /// for, and at least one message. The log brings the others again when these
    /// have been delivered. Whether the session has caught up.
    pub(crate) fn push_page(&self, deliveries: Vec<Delivery>, page: &BacklogPage) -> bool {
        let mut mailbox = self.mailbox.lock();
        let mailbox = &mut *mailbox;
        let mut left_out = None;
        for (place, delivery) in deliveries.into_iter().enumerate() {
            // A page that tells of a loss is taken whole, once: read again, it
            // would tell of it again.
            let fits = mailbox.queue.has_room(delivery.message.bytes());
            if place > 0 && page.gone == 0 && !fits {
                left_out = Some(delivery.position());
                break;
            }
            mailbox.owes |= delivery.is_acknowledged();
            mailbox.queue.push_beyond(delivery);
        }
        mailbox.lost += page.gone;
        if let Some(seat) = mailbox.seat.as_ref().filter(|_| page.gone > 0) {
            seat.drop_counted(page.gone);
        }
        let next = left_out.unwrap_or(page.next);
        let missed = match mailbox.feed {
            Feed::Behind { skipped, .. } => skipped.filter(|skipped| *skipped >= next),
            Feed::Live { .. } => None,
        };
        let caught_up = page.at_end && left_out.is_none() && missed.is_none();
        mailbox.feed = match caught_up {
            true => Feed::Live { from: next },
            false => Feed::Behind {
                next,
                skipped: missed,
            },
        };
        caught_up
    }

    /// Hands deliveries to `take` until it gives one back or none is left. The
    /// publishers of this one endpoint wait meanwhile, so `take` only copies.
    pub(crate) fn drain(&self, mut take: impl FnMut(Delivery) -> Result<(), Delivery>) -> Drained {
        let mut mailbox = self.mailbox.lock();
        while let Some(delivery) = mailbox.queue.pop() {
            if let Err(delivery) = take(delivery) {
                mailbox.queue.put_back(delivery);
                return Drained::Blocked;
            }
        }
        mailbox.owes = false;
        match mailbox.feed {
            Feed::Behind { next, .. } => Drained::Behind(next),
            Feed::Live { .. } => {
                mailbox.announced = false;
                Drained::Empty
            }
        }
    }

    /// Messages that gave way since the last call.
    pub(crate) fn take_lost(&self) -> u64 {
        std::mem::take(&mut self.mailbox.lock().lost)
    }

    pub(crate) fn info(&self) -> Option<ConnectionInfo> {
        let mailbox = self.mailbox.lock();
        let (seat, queued) = (mailbox.seat.clone()?, mailbox.queue.len());
        drop(mailbox);
        Some(seat.info(&self.key.client_id, queued))
    }

    #[cfg(test)]
    pub(super) fn for_test() -> Arc<Self> {
        let key = SessionKey {
            owner: "".into(),
            client_id: "".into(),
        };
        let end = LogPosition::default();
        let account = Arc::default();
        Self::new(
            key.into(),
            Realm::Platform,
            end,
            account,
            &Config::default(),
        )
    }
}

impl Mailbox {
    /// There is something to deliver: the worker that has to be told.
    fn announce(&mut self) -> Option<usize> {
        let seat = self.seat.as_ref()?;
        let tell = !std::mem::replace(&mut self.announced, true);
        tell.then_some(seat.worker)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let counted = *self.counted.get_mut();
        self.account.release_subscriptions(counted);
    }
}

impl Seat {
    pub(crate) fn drop_counted(&self, messages: u64) {
        self.dropped.add(messages);
        self.listener.dropped.add(messages);
        if let Some(agency) = &self.agency {
            agency.dropped.add(messages);
        }
    }

    fn info(&self, client_id: &str, queued: usize) -> ConnectionInfo {
        ConnectionInfo {
            client_id: client_id.to_owned(),
            since: self.since,
            peer: self.peer,
            listener: self.listener(),
            protocol: self.protocol,
            keep_alive: self.keep_alive,
            messages_in: self.messages_in.get(),
            messages_out: self.messages_out.get(),
            session_expiry: self.session_expiry,
            rate: self.rate.read(self.messages_in.get()),
            dropped: self.dropped.get(),
            queued,
        }
    }

    pub(crate) fn listener(&self) -> Listener {
        self.listener.listener
    }
}
