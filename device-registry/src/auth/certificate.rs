//! mTLS with pinned keys: the certificate is a wrapping of the device's public
//! key, and the registry says whose that is. Nobody has to have signed it, and
//! what else it says (names, times) counts for nothing. That the peer has the
//! private half was shown in the TLS handshake.

use domain::{CredentialId, Timestamp};

use super::AuthError;
use super::signature::{find_key, is_key};
use crate::device::{Device, public_key};

/// Whether the public key of a TLS client's certificate (its
/// SubjectPublicKeyInfo, DER; Ed25519 or P-256) is one of the device's, and
/// which.
pub fn authenticate_certificate(
    device: &Device,
    spki_der: &[u8],
    now: Timestamp,
) -> Result<CredentialId, AuthError> {
    let offered = public_key::of_spki(spki_der);
    let keys = device.credentials.iter().filter(|key| is_key(&key.proof));
    let none_fits = match offered {
        Some(_) => AuthError::WrongCertificate,
        None => AuthError::CertificateKey,
    };
    find_key(device, keys, "a key", &none_fits, now, |proof| {
        offered.as_ref() == Some(proof)
    })
}
