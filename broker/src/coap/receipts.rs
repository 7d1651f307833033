//! Receipts given lately, by the digest of the signed message: a device whose
//! answer was lost sends the same bytes in a new request, the sink refuses
//! their epoch and sequence as used, and here is the answer that it missed.
//!
//! Asked only for a message whose signature was verified just now. Bound: a
//! number of receipts; the oldest gives way. After a restart there are none;
//! the device then signs the same observations under a new sequence, and the
//! platform finds them to be duplicates.

use std::collections::VecDeque;

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::message::Code;

/// SHA-256 of a request's body.
pub type BodyDigest = [u8; 32];

/// What is known of a signed message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Known {
    /// Staged, and not durable yet.
    UnderWay,
    Durable {
        code: Code,
        receipt: Bytes,
    },
}

pub struct Receipts {
    limit: usize,
    by_digest: FxHashMap<BodyDigest, Known>,
    oldest_first: VecDeque<BodyDigest>,
}

impl Receipts {
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            by_digest: FxHashMap::default(),
            oldest_first: VecDeque::new(),
        }
    }

    pub fn find(&self, digest: &BodyDigest) -> Option<&Known> {
        self.by_digest.get(digest)
    }

    pub fn begin(&mut self, digest: BodyDigest) {
        if self.by_digest.insert(digest, Known::UnderWay).is_none() {
            self.oldest_first.push_back(digest);
        }
        while self.by_digest.len() > self.limit {
            let Some(oldest) = self.oldest_first.pop_front() else {
                break;
            };
            self.by_digest.remove(&oldest);
        }
    }

    /// The commit gave a receipt.
    pub fn finish(&mut self, digest: &BodyDigest, code: Code, receipt: Bytes) {
        if let Some(known) = self.by_digest.get_mut(digest) {
            *known = Known::Durable { code, receipt };
        }
    }

    /// The commit failed: the message may be tried again.
    pub fn forget(&mut self, digest: &BodyDigest) {
        if self.by_digest.remove(digest).is_some() {
            self.oldest_first.retain(|kept| kept != digest);
        }
    }

    pub fn len(&self) -> usize {
        self.by_digest.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_digest.is_empty()
    }
}
