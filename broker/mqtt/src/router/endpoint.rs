//! What other threads may touch of a session: whose it is, what waits for it,
//! and which connection it has, if any.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use transport::{BacklogPage, LogPosition, Realm, SessionKey};

use super::attachment::Attachment;
use crate::limits::Account;
use crate::limits::Config;
use crate::message::Delivery;
use crate::session::DeliveryQueue;
use crate::stats::{ConnectionInfo, Counter};

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

struct Mailbox {
    queue: DeliveryQueue,
    /// Since the queue was last empty it was given a message of the log that
    /// the subscriber acknowledges: none of those may give way.
    owes: bool,
    /// The worker knows that there is something to deliver.
    announced: bool,
    attachment: Option<Arc<Attachment>>,
    mode: DeliveryMode,
    /// Messages that gave way since the connection last asked.
    lost: u64,
}

/// Where a session's messages come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum DeliveryMode {
    /// As they are published; those of the log from a position on.
    Live { from: LogPosition },
    /// From the log, until it has caught up. `skipped` is the last message
    /// that was published meanwhile.
    CatchingUp {
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
    CatchUp(LogPosition),
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
                attachment: None,
                mode: DeliveryMode::Live { from: end },
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
    pub(crate) fn attach(&self, attachment: Arc<Attachment>) {
        let mut mailbox = self.mailbox.lock();
        mailbox.attachment = Some(attachment);
        mailbox.announced = false;
    }

    pub(crate) fn attachment(&self) -> Option<Arc<Attachment>> {
        self.mailbox.lock().attachment.clone()
    }

    /// The session goes on with the log from here.
    pub(crate) fn catch_up_from(&self, next: LogPosition) {
        let skipped = None;
        self.mailbox.lock().mode = DeliveryMode::CatchingUp { next, skipped };
    }

    /// Its connection has ended, and nothing of the log reaches it any more.
    /// `published`: all before it has reached it. Returns where to go on, and
    /// what was queued for a group.
    pub(crate) fn detach(&self, published: LogPosition) -> (LogPosition, Vec<Delivery>) {
        let mut mailbox = self.mailbox.lock();
        mailbox.attachment = None;
        mailbox.announced = false;
        let mut next = match mailbox.mode {
            DeliveryMode::Live { from } => from.max(published),
            DeliveryMode::CatchingUp { next, .. } => next,
        };
        let mut shared = Vec::new();
        if self.realm == Realm::Platform {
            mailbox.owes = false;
            while let Some(delivery) = mailbox.queue.pop() {
                if delivery.shared {
                    shared.push(delivery);
                } else {
                    next = next.min(delivery.position());
                }
            }
        }
        (next, shared)
    }

    /// Before which everything was delivered, if nothing is in flight.
    pub(crate) fn delivered(&self, published: LogPosition) -> LogPosition {
        let mailbox = self.mailbox.lock();
        let next = match mailbox.mode {
            DeliveryMode::Live { from } => from.max(published),
            DeliveryMode::CatchingUp { next, .. } => next,
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
            match &mut mailbox.mode {
                DeliveryMode::Live { from } if position < *from => return None,
                DeliveryMode::Live { .. } if !is_safe => {
                    // It is not lost: the log has it.
                    let skipped = Some(position);
                    let next = position;
                    mailbox.mode = DeliveryMode::CatchingUp { next, skipped };
                    // The mailbox may be empty still.
                    return mailbox.announce();
                }
                DeliveryMode::Live { .. } => mailbox.owes = owed,
                DeliveryMode::CatchingUp { skipped, .. } => {
                    *skipped = Some(position);
                    return None;
                }
            }
        }
        let Some(attachment) = &mailbox.attachment else {
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
                attachment.drop_counted(1);
                return None;
            }
        }
        let dropped = mailbox.queue.push(delivery);
        if dropped > 0 {
            mailbox.lost += dropped;
            attachment.drop_counted(dropped);
        }
        mailbox.announce()
    }

    /// The messages from `first` to before `after` are not published: it gets
    /// them from the log. Returns the worker that has to be told.
    pub(super) fn pass_over(&self, first: LogPosition, after: LogPosition) -> Option<usize> {
        let mut mailbox = self.mailbox.lock();
        let mailbox = &mut *mailbox;
        // It has not caught up before a page ends after them all.
        let last = Some(LogPosition::from_raw(after.get().checked_sub(1)?));
        match &mut mailbox.mode {
            DeliveryMode::Live { from } if *from >= after => return None,
            DeliveryMode::Live { from } => {
                mailbox.mode = DeliveryMode::CatchingUp {
                    next: first.max(*from),
                    skipped: last,
                };
            }
            DeliveryMode::CatchingUp { skipped, .. } => *skipped = last.max(*skipped),
        }
        mailbox.announce()
    }

    /// Messages of a group's are gone: it is told with the next one.
    pub(super) fn lose(&self, messages: u64) {
        let mut mailbox = self.mailbox.lock();
        mailbox.lost += messages;
        if let Some(attachment) = &mailbox.attachment {
            attachment.drop_counted(messages);
        }
    }

    /// Whether a group should rather give a message of that size to this one.
    pub(super) fn is_ready(&self, bytes: usize) -> bool {
        let mailbox = self.mailbox.lock();
        mailbox.attachment.is_some() && mailbox.queue.has_room(bytes)
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
        if let Some(attachment) = mailbox.attachment.as_ref().filter(|_| page.gone > 0) {
            attachment.drop_counted(page.gone);
        }
        let next = left_out.unwrap_or(page.next);
        let missed = match mailbox.mode {
            DeliveryMode::CatchingUp { skipped, .. } => skipped.filter(|skipped| *skipped >= next),
            DeliveryMode::Live { .. } => None,
        };
        let caught_up = page.at_end && left_out.is_none() && missed.is_none();
        mailbox.mode = if caught_up {
            DeliveryMode::Live { from: next }
        } else {
            DeliveryMode::CatchingUp {
                next,
                skipped: missed,
            }
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
        match mailbox.mode {
            DeliveryMode::CatchingUp { next, .. } => Drained::CatchUp(next),
            DeliveryMode::Live { .. } => {
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
        let (attachment, queued) = (mailbox.attachment.clone()?, mailbox.queue.len());
        drop(mailbox);
        Some(attachment.info(&self.key.client_id, queued))
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
        let attachment = self.attachment.as_ref()?;
        let tell = !std::mem::replace(&mut self.announced, true);
        tell.then_some(attachment.worker)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let counted = *self.counted.get_mut();
        self.account.release_subscriptions(counted);
    }
}
