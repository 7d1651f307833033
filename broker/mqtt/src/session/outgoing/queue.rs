//! The queue of one subscriber: bounded by messages and by bytes. The oldest
//! gives way and is counted, so that a slow subscriber costs its own past and
//! nobody's memory.

use std::collections::VecDeque;

use crate::message::Delivery;

#[derive(Debug)]
pub(crate) struct DeliveryQueue {
    deliveries: VecDeque<Delivery>,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
}

impl DeliveryQueue {
    pub(crate) fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self {
            deliveries: VecDeque::new(),
            bytes: 0,
            max_messages,
            max_bytes,
        }
    }

    /// Takes a delivery and returns how many were dropped for it; a message
    /// larger than the whole queue is dropped itself.
    pub(crate) fn push(&mut self, delivery: Delivery) -> u64 {
        let bytes = delivery.message.bytes();
        if bytes > self.max_bytes {
            return 1;
        }
        let mut dropped = 0;
        while self.deliveries.len() >= self.max_messages || self.bytes + bytes > self.max_bytes {
            self.pop();
            dropped += 1;
        }
        self.push_beyond(delivery);
        dropped
    }

    /// Takes a delivery whether it has room or not: nothing gives way.
    pub(crate) fn push_beyond(&mut self, delivery: Delivery) {
        self.bytes += delivery.message.bytes();
        self.deliveries.push_back(delivery);
    }

    /// Puts back what was taken last.
    pub(crate) fn put_back(&mut self, delivery: Delivery) {
        self.bytes += delivery.message.bytes();
        self.deliveries.push_front(delivery);
    }

    /// Whether a message of that size makes no other give way.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.deliveries.len() < self.max_messages && self.bytes + bytes <= self.max_bytes
    }

    pub(crate) fn front(&self) -> Option<&Delivery> {
        self.deliveries.front()
    }

    pub(crate) fn pop(&mut self) -> Option<Delivery> {
        let delivery = self.deliveries.pop_front()?;
        self.bytes -= delivery.message.bytes();
        if self.deliveries.is_empty() {
            // An idle subscriber keeps no buffer of its busy hour.
            self.deliveries.shrink_to(KEPT);
        }
        Some(delivery)
    }

    pub(crate) fn len(&self) -> usize {
        self.deliveries.len()
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Places that an empty queue keeps.
const KEPT: usize = 32;

#[cfg(test)]
mod tests;
