//! The public key of a device's certificate (X.509, RFC 5280).
//!
//! One of Ed25519 or P-256 is the device's key as any other. One of RSA or P-384,
//! which signs nothing else here, is kept by its SHA-256: TLS proves that the
//! device has the private half, and the hash tells that it is the same key.

use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::asn1::UintRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode, Reader, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::{PublicKeyError, raw_spki};
use crate::device::CredentialProof;

/// RFC 8017.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// Bytes of an uncompressed point of P-384.
const P384_POINT_BYTES: usize = 97;
/// Bits of the modulus that TLS verifies with.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// The key of a certificate, DER.
pub(super) fn read(der: &[u8]) -> Result<CredentialProof, PublicKeyError> {
    let certificate = Certificate::from_der(der).map_err(|_| PublicKeyError::Certificate)?;
    let key = certificate.tbs_certificate().subject_public_key_info();
    let spki = key.to_der().map_err(|_| PublicKeyError::Certificate)?;
    if let Some((algorithm, raw)) = raw_spki(&spki) {
        return algorithm.proof(raw);
    }
    if !is_rsa(key) && !is_p384(key) {
        return Err(PublicKeyError::CertificateKey);
    }
    Ok(pinned(&spki))
}

/// A key of which the hash alone is kept.
pub(crate) fn pinned(spki: &[u8]) -> CredentialProof {
    CredentialProof::Certificate {
        spki_sha256: Sha256::digest(spki).into(),
    }
}

fn is_rsa(key: &SubjectPublicKeyInfoOwned) -> bool {
    let modulus_bits = || {
        let bytes = key.subject_public_key.as_bytes()?;
        let mut reader = SliceReader::new(bytes).ok()?;
        let modulus = reader.sequence(|inner| {
            let modulus = UintRef::decode(inner)?.as_bytes();
            UintRef::decode(inner)?;
            Ok::<_, x509_cert::der::Error>(modulus)
        });
        let modulus = modulus.ok()?;
        let zeros = modulus.first()?.leading_zeros() as usize;
        Some(modulus.len() * 8 - zeros)
    };
    key.algorithm.oid == RSA && modulus_bits().is_some_and(|bits| RSA_BITS.contains(&bits))
}

fn is_p384(key: &SubjectPublicKeyInfoOwned) -> bool {
    let curve = key.algorithm.parameters.as_ref();
    let curve = curve.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    let point = key.subject_public_key.as_bytes();
    key.algorithm.oid == EC
        && curve == Some(P384)
        && point.is_some_and(|point| point.len() == P384_POINT_BYTES)
}

#[cfg(test)]
mod tests;
