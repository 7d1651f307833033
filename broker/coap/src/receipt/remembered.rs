//! RememberedReceipts given lately, by the digest of the signed message: a device whose
//! answer was lost sends the same bytes in a new request, the sink refuses
//! their epoch and sequence as used, and here is the answer that it missed.
//!
//! Asked only for a message whose signature was verified just now. Bound: a
//! number of receipts; the oldest gives way, of a device that has its share
//! its own. After a restart there are none;
//! the device then signs the same observations under a new sequence, and the
//! platform finds them to be duplicates.

use std::collections::VecDeque;

use bytes::Bytes;
use domain::DeviceId;
use rustc_hash::FxHashMap;

use crate::message::Code;

/// SHA-256 of a request's body.
pub(crate) type BodyDigest = [u8; 32];

/// What is known of a signed message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    /// Staged, and not durable yet.
    UnderWay,
    Durable {
        code: Code,
        receipt: Bytes,
    },
}

pub(crate) struct RememberedReceipts {
    limit: usize,
    limit_of_device: usize,
    by_digest: FxHashMap<BodyDigest, (DeviceId, Known)>,
    /// Those that were given up stand here until they come to the front.
    oldest_first: VecDeque<BodyDigest>,
    by_device: FxHashMap<DeviceId, VecDeque<BodyDigest>>,
}

impl RememberedReceipts {
    pub(crate) fn new(limit: usize, limit_of_device: usize) -> Self {
        Self {
            limit,
            limit_of_device,
            by_digest: FxHashMap::default(),
            oldest_first: VecDeque::new(),
            by_device: FxHashMap::default(),
        }
    }

    pub(crate) fn find(&self, digest: &BodyDigest) -> Option<&Known> {
        self.by_digest.get(digest).map(|(_, known)| known)
    }

    pub(crate) fn begin(&mut self, digest: BodyDigest, device: &DeviceId) {
        let new = (device.clone(), Known::UnderWay);
        if self.by_digest.insert(digest, new).is_some() {
            return;
        }
        self.oldest_first.push_back(digest);
        let own = self.by_device.entry(device.clone()).or_default();
        own.push_back(digest);
        let own_oldest = own.front().copied();
        if own.len() > self.limit_of_device
            && let Some(oldest) = own_oldest
        {
            self.forget(&oldest);
        }
        while self.by_digest.len() > self.limit {
            let Some(oldest) = self.oldest_first.pop_front() else {
                break;
            };
            self.forget(&oldest);
        }
        // What was given up before its turn is not kept for good.
        if self.oldest_first.len() > 2 * self.limit {
            let by_digest = &self.by_digest;
            self.oldest_first
                .retain(|kept| by_digest.contains_key(kept));
        }
    }

    /// The commit gave a receipt.
    pub(crate) fn finish(&mut self, digest: &BodyDigest, code: Code, receipt: Bytes) {
        if let Some((_, known)) = self.by_digest.get_mut(digest) {
            *known = Known::Durable { code, receipt };
        }
    }

    /// The commit failed, and the message may be tried again; or there is no
    /// room for it any more.
    pub(crate) fn forget(&mut self, digest: &BodyDigest) {
        let Some((device, _)) = self.by_digest.remove(digest) else {
            return;
        };
        if let Some(own) = self.by_device.get_mut(&device) {
            if own.front() == Some(digest) {
                own.pop_front();
            } else {
                own.retain(|kept| kept != digest);
            }
            if own.is_empty() {
                self.by_device.remove(&device);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_digest.len()
    }
}
