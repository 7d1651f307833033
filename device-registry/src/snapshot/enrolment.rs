//! Claims and batches, both in order of making.

use std::ops::Bound;
use std::sync::Arc;

use domain::{BatchId, ClaimId};

use super::Snapshot;
use crate::enrolment::{Batch, Claim};

impl Snapshot {
    pub fn claim(&self, id: &str) -> Option<&Arc<Claim>> {
        self.claims.get(id)
    }

    /// After `after`.
    pub fn claims(&self, after: Option<&ClaimId>) -> impl Iterator<Item = &Arc<Claim>> {
        let start = after.map_or(Bound::Unbounded, |id| Bound::Excluded(id.clone()));
        self.claims
            .range((start, Bound::Unbounded))
            .map(|(_, claim)| claim)
    }

    pub fn batch(&self, id: &str) -> Option<&Arc<Batch>> {
        self.batches.get(id)
    }

    /// After `after`.
    pub fn batches(&self, after: Option<&BatchId>) -> impl Iterator<Item = &Arc<Batch>> {
        let start = after.map_or(Bound::Unbounded, |id| Bound::Excluded(id.clone()));
        self.batches
            .range((start, Bound::Unbounded))
            .map(|(_, batch)| batch)
    }

    pub(crate) fn claim_count(&self) -> usize {
        self.claims.len()
    }

    /// By the keyed hash of its code.
    pub(crate) fn claim_of_code(&self, hmac: &[u8; 32]) -> Option<&Arc<Claim>> {
        self.claims.get(self.claim_codes.get(hmac)?)
    }

    pub(crate) fn put_claim(&mut self, claim: Arc<Claim>) {
        self.claim_codes.insert(claim.hmac, claim.id.clone());
        self.claims.insert(claim.id.clone(), claim);
    }

    pub(crate) fn remove_claim(&mut self, claim: &Claim) {
        self.claim_codes.remove(&claim.hmac);
        self.claims.remove(&claim.id);
    }

    pub(crate) fn put_batch(&mut self, batch: Arc<Batch>) {
        self.batches.insert(batch.id.clone(), batch);
    }

    pub(crate) fn remove_batch(&mut self, id: &BatchId) {
        self.batches.remove(id);
    }
}
