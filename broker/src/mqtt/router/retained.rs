//! Retained messages of the unprotected realm, in memory.
//!
//! The platform's own retained messages are a view of its latest values and
//! never come here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use crate::mqtt::message::Message;
use crate::mqtt::topic::TopicFilter;

/// Topics with a retained message; a new one is not retained past it.
const MAX_TOPICS: usize = 10_000;
/// Bytes of them all.
const MAX_BYTES: usize = 16 * 1024 * 1024;

#[derive(Default)]
pub(super) struct RetainedMessages {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    by_topic: BTreeMap<Arc<str>, Arc<Message>>,
    bytes: usize,
}

impl RetainedMessages {
    /// Keeps the message in place of the last one; an empty one only removes.
    pub(super) fn keep(&self, message: &Arc<Message>) {
        let inner = &mut *self.inner.lock();
        if let Some(last) = inner.by_topic.remove(&message.topic) {
            inner.bytes -= last.bytes();
        }
        let full = inner.by_topic.len() >= MAX_TOPICS;
        if message.payload.is_empty() || full || inner.bytes + message.bytes() > MAX_BYTES {
            return;
        }
        inner.bytes += message.bytes();
        let topic = message.topic.clone();
        inner.by_topic.insert(topic, message.clone());
    }

    pub(super) fn visit(&self, filter: &TopicFilter, mut visit: impl FnMut(&Arc<Message>)) {
        let now = Instant::now();
        let inner = self.inner.lock();
        let messages = inner.by_topic.values();
        messages
            .filter(|message| filter.matches(&message.topic) && !message.is_expired(now))
            .for_each(&mut visit);
    }
}
