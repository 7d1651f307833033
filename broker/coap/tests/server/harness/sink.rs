//! A sink in memory: commits wait for its gate, and it fails when it is told to.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use domain::{Offset, Timestamp};
use tokio::sync::watch;
use transport::{InboundMessage, MessageSink, NotStaged, RejectCause, SinkFault};

/// A message as the sink got it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Kept {
    pub(crate) principal: String,
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) content_type: Option<String>,
    pub(crate) boot_epoch: u64,
    pub(crate) sequence: u64,
    pub(crate) time: Option<Timestamp>,
    pub(crate) signed: Vec<u8>,
    pub(crate) received: Timestamp,
}

/// Keeps messages in memory. Commits wait while the gate is shut.
pub(crate) struct TestSink {
    pub(crate) kept: Mutex<Vec<Kept>>,
    pub(crate) stage_calls: AtomicU64,
    pub(crate) gate: watch::Sender<bool>,
    pub(crate) failing: AtomicBool,
    /// Whether payloads that have a field `new` can be staged.
    pub(crate) prepared: watch::Sender<bool>,
    /// Has no room for messages.
    pub(crate) full: AtomicBool,
    /// Refuses every used epoch and sequence, the same message too.
    pub(crate) forgetful: AtomicBool,
    /// What its clock says, in microseconds.
    pub(crate) clock: AtomicI64,
}

impl Default for TestSink {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            stage_calls: AtomicU64::new(0),
            gate: watch::Sender::new(true),
            failing: AtomicBool::new(false),
            prepared: watch::Sender::new(true),
            full: AtomicBool::new(false),
            forgetful: AtomicBool::new(false),
            clock: AtomicI64::new(0),
        }
    }
}

pub(crate) struct TestReceipt(Offset, bool);

impl transport::Receipt for TestReceipt {
    fn offset(&self) -> Offset {
        self.0
    }

    fn readable(&self) -> bool {
        self.1
    }
}

impl TestSink {
    fn keep(
        &self,
        principal: &Arc<str>,
        message: &InboundMessage<'_>,
    ) -> Result<TestReceipt, SinkFault> {
        self.stage_calls.fetch_add(1, Ordering::Relaxed);
        if self.failing.load(Ordering::Relaxed) {
            return Err(SinkFault::failed("the disk is gone"));
        }
        let signed = message.signed.expect("a CoAP message is signed");
        let new = Kept {
            principal: principal.to_string(),
            topic: message.topic.to_owned(),
            payload: message.payload.to_vec(),
            content_type: message.content_type.map(str::to_owned),
            boot_epoch: signed.boot_epoch,
            sequence: signed.sequence,
            time: signed.time,
            signed: signed.bytes.to_vec(),
            received: message.received.unwrap_or_else(|| self.now()),
        };
        let readable = !new.payload.starts_with(b"unreadable");
        let mut kept = self.kept.lock().unwrap();
        let same_name = kept.iter().position(|old| {
            (&old.principal, old.boot_epoch, old.sequence)
                == (&new.principal, new.boot_epoch, new.sequence)
        });
        let index = match same_name {
            Some(index)
                if kept[index].signed == new.signed && !self.forgetful.load(Ordering::Relaxed) =>
            {
                index
            }
            Some(_) => return Err(SinkFault::Replayed),
            None => {
                kept.push(new);
                kept.len() - 1
            }
        };
        Ok(TestReceipt(Offset::new(index as u64 + 1), readable))
    }
}

impl MessageSink<Arc<str>> for TestSink {
    type Staged = TestReceipt;
    type Receipt = TestReceipt;

    fn stage(
        &self,
        principal: &Arc<str>,
        message: &InboundMessage<'_>,
    ) -> Result<TestReceipt, NotStaged> {
        let is_new = message.payload.windows(3).any(|bytes| bytes == b"new");
        if is_new && !*self.prepared.borrow() {
            let mut prepared = self.prepared.subscribe();
            return Err(NotStaged::Later(Box::pin(async move {
                prepared.wait_for(|prepared| *prepared).await.unwrap();
                Ok(())
            })));
        }
        Ok(self.keep(principal, message)?)
    }

    fn stage_reject(
        &self,
        principal: &Arc<str>,
        message: &InboundMessage<'_>,
        _: RejectCause,
    ) -> Result<TestReceipt, SinkFault> {
        self.keep(principal, message)
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.load(Ordering::Relaxed))
    }

    fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    async fn commit(&self, staged: Vec<TestReceipt>) -> Result<Vec<TestReceipt>, SinkFault> {
        self.gate.subscribe().wait_for(|open| *open).await.unwrap();
        if self.failing.load(Ordering::Relaxed) {
            Err(SinkFault::failed("the sync failed"))
        } else {
            Ok(staged)
        }
    }
}
