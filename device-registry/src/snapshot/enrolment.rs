//! Claims and batches, both in order of making.

use std::ops::Bound;
use std::sync::Arc;

use domain::{BatchId, ClaimId, DeviceId, Timestamp};

use super::Snapshot;
use crate::enrolment::{Batch, Claim, ClaimState};

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

    /// An open claim that fixes the id of a device to come.
    pub(crate) fn claim_for(&self, device: &DeviceId, now: Timestamp) -> Option<&Arc<Claim>> {
        let claims = self.reserved.get(device).into_iter().flatten();
        claims
            .filter_map(|id| self.claims.get(id))
            .find(|claim| claim.state(now) == ClaimState::Open)
    }

    pub(crate) fn put_claim(&mut self, claim: Arc<Claim>) {
        self.claim_codes.insert(claim.hmac, claim.id.clone());
        match &claim.device {
            Some(device) if claim.used.is_none() && claim.revoked.is_none() => {
                let claims = self.reserved.entry(device.clone()).or_default();
                claims.insert(claim.id.clone());
            }
            _ => self.release(&claim),
        }
        self.claims.insert(claim.id.clone(), claim);
    }

    pub(crate) fn remove_claim(&mut self, claim: &Claim) {
        self.claim_codes.remove(&claim.hmac);
        self.release(claim);
        self.claims.remove(&claim.id);
    }

    fn release(&mut self, claim: &Claim) {
        if let Some(device) = &claim.device
            && let Some(claims) = self.reserved.get_mut(device)
        {
            claims.remove(&claim.id);
            if claims.is_empty() {
                self.reserved.remove(device);
            }
        }
    }

    pub(crate) fn put_batch(&mut self, batch: Arc<Batch>) {
        self.batches.insert(batch.id.clone(), batch);
    }

    pub(crate) fn remove_batch(&mut self, id: &BatchId) {
        self.batches.remove(id);
    }
}
