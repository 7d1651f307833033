//! Signatures of registered keys: Ed25519 (RFC 8032, strictly, so that no
//! second signature of the same message passes) and ECDSA on P-256 with
//! SHA-256 (FIPS 186-4, the 64-byte form of JOSE and COSE).

use domain::{CredentialId, Timestamp};
use ed25519_dalek::{Signature, VerifyingKey};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use super::{AuthError, admit};
use crate::device::{Credential, CredentialProof, Device};

/// Which of the registered keys may verify.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignatureAlgorithm {
    Ed25519,
    Es256,
}

impl SignatureAlgorithm {
    fn fits(self, proof: &CredentialProof) -> bool {
        matches!(
            (self, proof),
            (Self::Ed25519, CredentialProof::Ed25519 { .. })
                | (Self::Es256, CredentialProof::Es256 { .. })
        )
    }
}

/// Whether one of the device's active keys signed `message`, and which.
pub fn verify_signature(
    device: &Device,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
    now: Timestamp,
) -> Result<CredentialId, AuthError> {
    let wanted = match algorithm {
        SignatureAlgorithm::Ed25519 => "an Ed25519 key",
        SignatureAlgorithm::Es256 => "an ES256 key",
    };
    let keys = device
        .credentials
        .iter()
        .filter(|key| algorithm.fits(&key.proof));
    find_key(device, keys, wanted, &AuthError::WrongKey, now, |proof| {
        verifies(proof, message, signature)
    })
}

/// The same for whichever algorithm the registered keys have: both make 64
/// bytes, and neither takes the other's.
pub(super) fn verify_by_any_key(
    device: &Device,
    message: &[u8],
    signature: &[u8],
    now: Timestamp,
) -> Result<CredentialId, AuthError> {
    let keys = device.credentials.iter().filter(|key| is_key(&key.proof));
    find_key(device, keys, "a key", &AuthError::WrongKey, now, |proof| {
        verifies(proof, message, signature)
    })
}

/// What messages and tokens are signed with.
fn is_key(proof: &CredentialProof) -> bool {
    matches!(
        proof,
        CredentialProof::Ed25519 { .. } | CredentialProof::Es256 { .. }
    )
}

/// The first of `keys` that `fits` and has not expired.
pub(super) fn find_key<'d>(
    device: &Device,
    keys: impl Iterator<Item = &'d Credential>,
    wanted: &'static str,
    none_fits: &AuthError,
    now: Timestamp,
    fits: impl Fn(&CredentialProof) -> bool,
) -> Result<CredentialId, AuthError> {
    admit(device, now)?;
    let mut refusal = AuthError::NoCredential { wanted };
    for credential in keys {
        if !fits(&credential.proof) {
            // That a key which fits is expired tells more than that another
            // one does not fit.
            if !matches!(refusal, AuthError::CredentialExpired { .. }) {
                refusal = none_fits.clone();
            }
            continue;
        }
        match credential.expires {
            Some(at) if at <= now => refusal = AuthError::CredentialExpired { at },
            _ => return Ok(credential.id),
        }
    }
    Err(refusal)
}

fn verifies(proof: &CredentialProof, message: &[u8], signature: &[u8]) -> bool {
    match proof {
        CredentialProof::Ed25519 { public_key } => {
            let Ok(key) = VerifyingKey::from_bytes(public_key) else {
                return false;
            };
            Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
        }
        CredentialProof::Es256 { public_key } => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public_key.as_slice())
                .verify(message, signature)
                .is_ok()
        }
        CredentialProof::Certificate { .. } | CredentialProof::Password { .. } => false,
    }
}
