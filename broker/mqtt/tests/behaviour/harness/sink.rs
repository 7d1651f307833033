//! Messages in memory: those that are published, and those that are retained.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use bytes::Bytes;
use domain::batch::Resent;
use domain::{Offset, Timestamp};
use parking_lot::Mutex;
use tokio::sync::watch;
use transport::{
    InboundMessage, MessageSink, NotStaged, Receipt, RejectCause, RetainedEnd, RetainedSource,
    SinkFault, TopicFilter,
};

use super::access::Principal;
use super::until;

/// Keeps messages in memory; "durable" when the test says so.
pub(crate) struct TestSink {
    pub(crate) messages: Mutex<Vec<StoredMessage>>,
    /// Topics of messages whose refusal is kept, and why.
    pub(crate) rejects: Mutex<Vec<(String, RejectCause)>>,
    pub(crate) committed: AtomicU64,
    pub(crate) commits: AtomicU64,
    open: watch::Sender<bool>,
    /// Whether payloads that begin with `new` can be staged, or why never.
    prepared: watch::Sender<Result<bool, SinkFault>>,
    failing: AtomicBool,
    full: AtomicBool,
    /// How often it was asked whether it is full.
    pub(crate) asked_if_full: AtomicU64,
    next: AtomicU64,
    /// In microseconds.
    clock: AtomicI64,
}

#[derive(Clone, Debug)]
pub(crate) struct StoredMessage {
    pub(crate) principal: String,
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) content_type: Option<String>,
    pub(crate) resent: Resent,
    pub(crate) received: Timestamp,
}

impl Default for TestSink {
    fn default() -> Self {
        Self {
            messages: Mutex::default(),
            rejects: Mutex::default(),
            committed: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            open: watch::Sender::new(true),
            prepared: watch::Sender::new(Ok(false)),
            failing: AtomicBool::new(false),
            full: AtomicBool::new(false),
            asked_if_full: AtomicU64::new(0),
            next: AtomicU64::new(1),
            clock: AtomicI64::new(0),
        }
    }
}

impl TestSink {
    /// What the sink's clock says from now on.
    pub(crate) fn set_time(&self, time: Timestamp) {
        self.clock.store(time.as_micros(), Ordering::Relaxed);
    }

    /// Nothing becomes durable until [`Self::release`].
    pub(crate) fn hold(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn release(&self) {
        self.open.send_replace(true);
    }

    /// Whether there is no room for messages.
    pub(crate) fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Release);
    }

    /// From now on payloads that begin with `new` can be staged, or never.
    pub(crate) fn prepare(&self, result: Result<(), SinkFault>) {
        drop(self.prepared.send_replace(result.map(|()| true)));
    }

    /// Messages of payloads that begin with `new` that wait.
    pub(crate) fn postponed(&self) -> usize {
        self.prepared.receiver_count()
    }

    /// From now on no commit succeeds.
    pub(crate) fn fail(&self) {
        self.failing.store(true, Ordering::Release);
    }

    pub(crate) fn payloads(&self) -> Vec<String> {
        let messages = self.messages.lock();
        let text = |it: &StoredMessage| String::from_utf8_lossy(&it.payload).into_owned();
        messages.iter().map(text).collect()
    }

    pub(crate) fn until_staged(&self, count: usize) {
        until("messages are staged", || {
            self.messages.lock().len() >= count
        });
    }
}

pub(crate) struct TestReceipt {
    offset: Offset,
    readable: bool,
}

impl Receipt for TestReceipt {
    fn offset(&self) -> Offset {
        self.offset
    }
    fn readable(&self) -> bool {
        self.readable
    }
}

impl TestSink {
    fn keep(&self, principal: &Principal, message: &InboundMessage<'_>) -> TestReceipt {
        self.messages.lock().push(StoredMessage {
            principal: principal.name.to_string(),
            topic: message.topic.into(),
            payload: message.payload.into(),
            content_type: message.content_type.map(Into::into),
            resent: message.resent,
            received: message.received.unwrap_or_else(|| self.now()),
        });
        TestReceipt {
            offset: Offset::new(self.next.fetch_add(1, Ordering::Relaxed)),
            readable: message.payload != b"unreadable",
        }
    }
}

impl MessageSink<Principal> for TestSink {
    type Staged = TestReceipt;
    type Receipt = TestReceipt;

    fn stage(
        &self,
        principal: &Principal,
        message: &InboundMessage<'_>,
    ) -> Result<TestReceipt, NotStaged> {
        if message.payload.starts_with(b"new") && !matches!(*self.prepared.borrow(), Ok(true)) {
            let mut prepared = self.prepared.subscribe();
            return Err(NotStaged::Later(Box::pin(async move {
                let settled = prepared.wait_for(|it| !matches!(it, Ok(false))).await;
                settled.unwrap().clone().map(drop)
            })));
        }
        Ok(self.keep(principal, message))
    }

    fn stage_reject(
        &self,
        principal: &Principal,
        message: &InboundMessage<'_>,
        cause: RejectCause,
    ) -> Result<TestReceipt, SinkFault> {
        self.rejects.lock().push((message.topic.into(), cause));
        Ok(self.keep(principal, message))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.load(Ordering::Relaxed))
    }

    fn is_full(&self) -> bool {
        self.asked_if_full.fetch_add(1, Ordering::Relaxed);
        self.full.load(Ordering::Acquire)
    }

    async fn commit(&self, staged: Vec<TestReceipt>) -> Result<Vec<TestReceipt>, SinkFault> {
        let mut open = self.open.subscribe();
        open.wait_for(|open| *open).await.unwrap();
        if self.failing.load(Ordering::Acquire) {
            return Err(SinkFault::failed("the disk is gone"));
        }
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.committed
            .fetch_add(staged.len() as u64, Ordering::Relaxed);
        Ok(staged)
    }
}

#[derive(Default)]
pub(crate) struct TestRetained {
    pub(crate) messages: Mutex<BTreeMap<String, Bytes>>,
    /// Looks that began.
    pub(crate) looks: AtomicU64,
    /// Entries that were looked at.
    pub(crate) steps: AtomicU64,
    /// After its messages come as many entries without one as anybody looks at.
    pub(crate) endless: AtomicBool,
}

impl RetainedSource<Principal> for TestRetained {
    /// The last topic that was looked at.
    type Place = String;

    fn retained(
        &self,
        _: &Principal,
        filter: &TopicFilter,
        place: &mut String,
        steps: &mut usize,
        visit: &mut dyn FnMut(&str, Bytes) -> ControlFlow<()>,
    ) -> RetainedEnd {
        if place.is_empty() {
            self.looks.fetch_add(1, Ordering::Relaxed);
        }
        let messages = self.messages.lock();
        let after = (Bound::Excluded(place.clone()), Bound::Unbounded);
        for (topic, payload) in messages.range(after) {
            if *steps == 0 {
                return RetainedEnd::Paused;
            }
            *steps -= 1;
            self.steps.fetch_add(1, Ordering::Relaxed);
            place.clone_from(topic);
            if filter.matches(topic) && visit(topic, payload.clone()).is_break() {
                return RetainedEnd::Paused;
            }
        }
        if self.endless.load(Ordering::Relaxed) {
            self.steps.fetch_add(*steps as u64, Ordering::Relaxed);
            *steps = 0;
            return RetainedEnd::Paused;
        }
        RetainedEnd::Done
    }
}
