//! mTLS with pinned keys: the certificate is a wrapping of the device's public
//! key, and the registry says whose that is. Nobody has to have signed it, and
//! what else it says (names, times) counts for nothing. That the peer has the
//! private half was shown in the TLS handshake.

use domain::{CredentialId, Timestamp};

use super::AuthError;
use super::signature::find_key;
use crate::device::{CredentialProof, Device, public_key};

/// Whether the public key of a TLS client's certificate (its
/// SubjectPublicKeyInfo, DER) is one of the device's, and which.
pub fn authenticate_certificate(
    device: &Device,
    spki_der: &[u8],
    now: Timestamp,
) -> Result<CredentialId, AuthError> {
    let offered = public_key::of_spki(spki_der).unwrap_or_else(|| public_key::pinned(spki_der));
    let is_password = |proof: &CredentialProof| matches!(proof, CredentialProof::Password { .. });
    let credentials = device.credentials.iter();
    let keys = credentials.filter(|key| !is_password(&key.proof));
    let (wanted, none_fits) = ("a key or a certificate", AuthError::WrongCertificate);
    find_key(device, keys, wanted, &none_fits, now, |proof| {
        offered == *proof
    })
}
