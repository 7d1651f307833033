//! What was refused of each device's telemetry, and why: for its operator.
//!
//! Constraints: bounded per device (`Config::quarantine_per_device`) and in all
//! ([`MAX_MESSAGES`]), oldest out, counted. Only the first
//! [`KEPT_ORIGINAL_BYTES`] of a message are held in memory; the log has it
//! whole for as long as its budget goes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use domain::payload::PayloadError;
use domain::{DeviceId, Offset, Rejection, Timestamp};
use frame_log::{FrameDevice, TelemetryFrame};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// Bytes of a refused message that are kept.
const KEPT_ORIGINAL_BYTES: usize = 256;
/// Rejections of one message that are kept; a message has at most 1,000.
const KEPT_REJECTIONS: usize = 64;
/// Messages of all devices together: about 50 MB where each has one rejection.
const MAX_MESSAGES: usize = 100_000;

/// One message that was refused, in whole or in part.
#[derive(Clone, PartialEq, Debug)]
pub struct QuarantinedMessage {
    pub offset: Offset,
    pub received: Timestamp,
    /// The first 64.
    pub rejections: Vec<Rejection>,
    /// The whole payload could not be read.
    pub unreadable: Option<PayloadError>,
    /// The first 256 bytes.
    pub original: Bytes,
}

/// Shared between the applier and the API.
#[derive(Clone)]
pub struct Quarantine {
    kept: Arc<Mutex<Kept>>,
    per_device: usize,
    /// Messages pushed out by the bounds.
    evicted: Arc<AtomicU64>,
}

#[derive(Default)]
struct Kept {
    devices: FxHashMap<DeviceId, VecDeque<QuarantinedMessage>>,
    /// In order of arrival. The entry of a message that the bound of its device
    /// has pushed out stays, and is skipped.
    arrivals: VecDeque<(Offset, DeviceId)>,
    messages: usize,
    /// Something has changed since it was last written to disk.
    changed: bool,
}

impl Quarantine {
    pub fn new(per_device: usize) -> Self {
        Self {
            kept: Arc::default(),
            per_device: per_device.max(1),
            evicted: Arc::default(),
        }
    }

    /// How many messages the bounds have pushed out.
    pub fn evicted(&self) -> u64 {
        self.evicted.load(Relaxed)
    }

    /// Newest last.
    pub fn of(&self, device: &DeviceId) -> Vec<QuarantinedMessage> {
        let kept = self.kept.lock();
        kept.devices
            .get(device)
            .map(|messages| messages.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// The frames alone, of those from `first` to before `end`.
    pub fn offsets(&self, device: &DeviceId, first: Offset, end: Offset) -> Vec<Offset> {
        let kept = self.kept.lock();
        let Some(messages) = kept.devices.get(device) else {
            return Vec::new();
        };
        let from = messages.partition_point(|message| message.offset < first);
        let offsets = messages.range(from..).map(|message| message.offset);
        offsets.take_while(|offset| *offset < end).collect()
    }

    /// Keeps `frame` where something of it was refused.
    pub fn apply(&self, frame: &TelemetryFrame<impl FrameDevice>) {
        if frame.rejections.is_empty() && frame.unreadable.is_none() {
            return;
        }
        let rejections = &frame.rejections[..frame.rejections.len().min(KEPT_REJECTIONS)];
        let original = frame.original.as_deref().unwrap_or_default();
        let message = QuarantinedMessage {
            offset: frame.offset,
            received: frame.received,
            rejections: rejections.to_vec(),
            unreadable: frame.unreadable,
            // A copy: a slice would hold on to the whole frame.
            original: Bytes::copy_from_slice(&original[..original.len().min(KEPT_ORIGINAL_BYTES)]),
        };
        self.put(&frame.device.id(), message);
    }

    /// A message that is not newer than what its device has is there already.
    pub(crate) fn put(&self, device: &DeviceId, message: QuarantinedMessage) {
        let evicted = self.kept.lock().put(device, message, self.per_device);
        self.evicted.fetch_add(evicted as u64, Relaxed);
    }

    /// All messages by arrival, where something has changed since the last
    /// call.
    pub(crate) fn take_changed(&self) -> Option<Vec<(DeviceId, QuarantinedMessage)>> {
        let mut kept = self.kept.lock();
        if !std::mem::take(&mut kept.changed) {
            return None;
        }
        let mut all: Vec<_> = kept
            .devices
            .iter()
            .flat_map(|(device, messages)| messages.iter().map(|m| (device.clone(), m.clone())))
            .collect();
        drop(kept);
        all.sort_by_key(|(_, message)| message.offset);
        Some(all)
    }

    /// What [`Self::take_changed`] gave was not written.
    pub(crate) fn mark_changed(&self) {
        self.kept.lock().changed = true;
    }
}

impl Kept {
    /// Returns how many it pushed out.
    fn put(&mut self, device: &DeviceId, message: QuarantinedMessage, per_device: usize) -> usize {
        let messages = self.devices.entry(device.clone()).or_default();
        if messages
            .back()
            .is_some_and(|newest| newest.offset >= message.offset)
        {
            return 0;
        }
        let before = self.messages + 1;
        self.changed = true;
        self.arrivals.push_back((message.offset, device.clone()));
        messages.push_back(message);
        self.messages += 1;
        if messages.len() > per_device {
            messages.pop_front();
            self.messages -= 1;
        }
        while self.messages > MAX_MESSAGES {
            self.push_out_oldest();
        }
        if self.arrivals.len() > 2 * MAX_MESSAGES {
            let devices = &self.devices;
            self.arrivals.retain(|(offset, device)| {
                let first = devices.get(device).and_then(VecDeque::front);
                first.is_some_and(|message| message.offset <= *offset)
            });
        }
        before - self.messages
    }

    fn push_out_oldest(&mut self) {
        let Some((offset, device)) = self.arrivals.pop_front() else {
            return;
        };
        let Some(messages) = self.devices.get_mut(&device) else {
            return;
        };
        if messages
            .front()
            .is_some_and(|message| message.offset == offset)
        {
            messages.pop_front();
            self.messages -= 1;
        }
        if messages.is_empty() {
            self.devices.remove(&device);
        }
    }
}

#[cfg(test)]
mod tests;
