//! Claims and batches, both in order of making; and when claims end.

use std::ops::Bound;
use std::sync::Arc;

use domain::{AgencyId, BatchId, ClaimId, DeviceId, Timestamp};
use imbl::OrdSet;

use super::Snapshot;
use crate::enrolment::{Batch, Claim, ClaimState};

/// Claims by when they end, so that those that have ended are found without a
/// look at the others. One that was used or revoked ended before all time: they
/// come first, in order of making.
pub(crate) type ClaimsByEnd = OrdSet<(Timestamp, ClaimId)>;

fn by_end(claim: &Claim) -> (Timestamp, ClaimId) {
    let is_over = claim.used.is_some() || claim.revoked.is_some();
    let end = if is_over {
        Timestamp::MIN
    } else {
        claim.expires
    };
    (end, claim.id.clone())
}

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

    pub(crate) fn claim_count_of(&self, agency: &AgencyId) -> usize {
        self.claims_of.get(agency).map_or(0, OrdSet::len)
    }

    /// Whether the agency has so many claims that can be used still.
    pub(crate) fn has_open_claims(&self, agency: &AgencyId, most: usize, now: Timestamp) -> bool {
        let Some(claims) = self.claims_of.get(agency) else {
            return most == 0;
        };
        // The last to end are the open ones.
        let open = claims.iter().rev().take_while(|(end, _)| *end > now);
        claims.len() >= most && open.take(most).count() >= most
    }

    /// Claims that cannot be used any more, of one agency or of all: those that
    /// were used or revoked, the oldest first, and then those that expired.
    pub(crate) fn ended_claims(
        &self,
        agency: Option<&AgencyId>,
        now: Timestamp,
    ) -> impl Iterator<Item = &Arc<Claim>> {
        let claims = match agency {
            Some(agency) => self.claims_of.get(agency),
            None => Some(&self.claims_by_end),
        };
        claims
            .into_iter()
            .flat_map(OrdSet::iter)
            .take_while(move |(end, _)| *end <= now)
            .filter_map(|(_, id)| self.claims.get(id))
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
        if let Some(old) = self.claims.get(&claim.id).cloned() {
            self.forget_end(&old);
        }
        self.claims_by_end.insert(by_end(&claim));
        let claims = self.claims_of.entry(claim.agency.clone()).or_default();
        claims.insert(by_end(&claim));
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
        self.forget_end(claim);
        self.claims.remove(&claim.id);
    }

    fn forget_end(&mut self, claim: &Claim) {
        let end = by_end(claim);
        self.claims_by_end.remove(&end);
        if let Some(claims) = self.claims_of.get_mut(&claim.agency) {
            claims.remove(&end);
            if claims.is_empty() {
                self.claims_of.remove(&claim.agency);
            }
        }
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
