//! Retained messages of the unprotected realm, in memory.
//!
//! The platform's own retained messages are a view of its latest values and
//! never come here.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use transport::{RetainedEnd, TopicFilter};

use crate::message::Message;

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
    /// In order of the topics' numbers, so that a look has a place to go on from.
    by_number: BTreeMap<u64, Arc<Message>>,
    numbers: HashMap<Arc<str>, u64>,
    last: u64,
    bytes: usize,
}

impl RetainedMessages {
    /// Keeps the message in place of the last one; an empty one only removes.
    pub(super) fn keep(&self, message: &Arc<Message>) {
        let inner = &mut *self.inner.lock();
        let stood = inner.numbers.remove(&message.topic);
        if let Some(last) = stood.and_then(|number| inner.by_number.remove(&number)) {
            inner.bytes -= last.bytes();
        }
        let full = inner.numbers.len() >= MAX_TOPICS;
        if message.payload.is_empty() || full || inner.bytes + message.bytes() > MAX_BYTES {
            return;
        }
        inner.bytes += message.bytes();
        let number = stood.unwrap_or_else(|| {
            inner.last += 1;
            inner.last
        });
        inner.numbers.insert(message.topic.clone(), number);
        inner.by_number.insert(number, message.clone());
    }

    /// Goes on after `place`, the number of the last topic that was looked at.
    pub(super) fn look(
        &self,
        filter: &TopicFilter,
        place: &mut u64,
        steps: &mut usize,
        mut visit: impl FnMut(&Arc<Message>) -> ControlFlow<()>,
    ) -> RetainedEnd {
        let now = Instant::now();
        let inner = self.inner.lock();
        if !filter.has_wildcard() {
            let number = inner.numbers.get(filter.as_str());
            let message = number.and_then(|number| inner.by_number.get(number));
            if let Some(message) = message.filter(|it| !it.is_expired(now)) {
                // Nothing is left, whatever it answers.
                let _ = visit(message);
            }
            return RetainedEnd::Done;
        }
        let after = (Bound::Excluded(*place), Bound::Unbounded);
        for (number, message) in inner.by_number.range(after) {
            if *steps == 0 {
                return RetainedEnd::Paused;
            }
            *steps -= 1;
            *place = *number;
            let passes = filter.matches(&message.topic) && !message.is_expired(now);
            if passes && visit(message).is_break() {
                return RetainedEnd::Paused;
            }
        }
        RetainedEnd::Done
    }
}
