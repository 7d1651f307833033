//! What somebody without an account may learn of a claim: with its code, what
//! it is for; with the receipt of its use, whether its device sends.
//!
//! A receipt is `{claim}.{hmac}`. It cannot be guessed, as a code might be, so
//! that it may be asked with as often as anything public; it lasts a day.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ClaimId;

use super::claim::{Claim, ClaimState};
use super::{EnrolDeviceError, Ticket};
use crate::registry::Registry;
use crate::secret;

/// How long the receipt of a claim's use is answered.
const RECEIPT_MICROS: i64 = 24 * 3_600 * 1_000_000;

impl Registry {
    /// The claim of `code`, while it can be used.
    pub fn open_claim(&self, code: &str) -> Result<Arc<Claim>, EnrolDeviceError> {
        let claim = self.claim_of_code(code)?;
        let now = self.now();
        match (claim.state(now), &claim.used, claim.revoked) {
            (ClaimState::Used, Some(used), _) => Err(EnrolDeviceError::Used(used.at)),
            (ClaimState::Revoked, _, Some(at)) => Err(EnrolDeviceError::Revoked(Ticket::Claim, at)),
            (ClaimState::Expired, ..) => {
                Err(EnrolDeviceError::Expired(Ticket::Claim, claim.expires))
            }
            _ => Ok(claim),
        }
    }

    /// What proves later that a device was put into service with `code`.
    pub fn claim_receipt(&self, code: &str) -> Result<String, EnrolDeviceError> {
        let claim = self.claim_of_code(code)?;
        let proof = URL_SAFE_NO_PAD.encode(self.receipt_hmac(&claim.id));
        Ok(format!("{}.{proof}", claim.id))
    }

    /// The claim of a receipt that still lasts. Reads the snapshot only.
    pub fn claim_of_receipt(&self, receipt: &str) -> Option<Arc<Claim>> {
        let (id, proof) = receipt.rsplit_once('.')?;
        let offered: [u8; 32] = URL_SAFE_NO_PAD.decode(proof).ok()?.try_into().ok()?;
        let snapshot = self.snapshot();
        let claim = snapshot.claim(id)?;
        let used = claim.used.as_ref()?;
        let age = self.now().as_micros().saturating_sub(used.at.as_micros());
        let proven = secret::same(&offered, &self.receipt_hmac(&claim.id));
        (proven && age < RECEIPT_MICROS).then(|| Arc::clone(claim))
    }

    fn receipt_hmac(&self, claim: &ClaimId) -> [u8; 32] {
        let text = format!("madang receipt 1 {claim}");
        self.pepper.hmac(text.as_bytes())
    }
}
