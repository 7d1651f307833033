//! Public keys of devices, as an operator hands them in.
//!
//! `alg` is `EdDSA` (Ed25519) or `ES256` (ECDSA on P-256 with SHA-256), as in
//! JOSE. The key is base64url of the raw 32 bytes or of the uncompressed point
//! (65 bytes, SEC 1), or a PEM with a SubjectPublicKeyInfo (RFC 5280; the
//! algorithms' identifiers are those of RFC 8410 and RFC 5480).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::VerifyingKey;
use ring::agreement;
use ring::rand::SystemRandom;

use crate::entities::CredentialProof;

/// The longest text of a public key, in bytes; a PEM of P-256 has 178.
pub const MAX_PUBLIC_KEY_BYTES: usize = 1_024;

/// A public key as the API takes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewKey {
    /// `EdDSA` or `ES256`.
    pub alg: String,
    /// base64url or PEM.
    pub public_key: String,
    pub expires: Option<domain::Timestamp>,
}

/// Why a public key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    #[error("`alg` is EdDSA (Ed25519) or ES256 (ECDSA on P-256)")]
    Algorithm,
    #[error(
        "`public_key` is base64url of the raw key (32 bytes for EdDSA, the uncompressed point of 65 bytes for ES256) or a PEM that begins with BEGIN PUBLIC KEY"
    )]
    Form,
    #[error(
        "the PEM holds a private key; send the public one, and make a new pair: this one is known now"
    )]
    Private,
    #[error("the PEM holds a key of another algorithm than `alg` says")]
    OtherAlgorithm,
    #[error("the key is not a point of its curve, or one that proves nothing (of small order)")]
    Weak,
}

/// RFC 8410: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }.
const ED25519_SPKI: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// RFC 5480: SEQUENCE { SEQUENCE { OID 1.2.840.10045.2.1, OID
/// 1.2.840.10045.3.1.7 }, BIT STRING of 65 bytes }.
const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

impl NewKey {
    pub(crate) fn parse(&self) -> Result<CredentialProof, PublicKeyError> {
        let spki = match self.alg.as_str() {
            "EdDSA" => ED25519_SPKI,
            "ES256" => P256_SPKI,
            _ => return Err(PublicKeyError::Algorithm),
        };
        let raw = raw_key(&self.public_key, spki)?;
        if spki == ED25519_SPKI {
            ed25519(&raw)
        } else {
            p256(&raw)
        }
    }
}

/// The key in a SubjectPublicKeyInfo, if it is of a kind that is taken. It is
/// compared with registered ones only, so it is not checked to be a sound one.
pub(crate) fn of_spki(der: &[u8]) -> Option<CredentialProof> {
    if let Some(raw) = der.strip_prefix(ED25519_SPKI) {
        let public_key = raw.try_into().ok()?;
        return Some(CredentialProof::Ed25519 { public_key });
    }
    let raw: [u8; 65] = der.strip_prefix(P256_SPKI)?.try_into().ok()?;
    Some(CredentialProof::Es256 {
        public_key: Box::new(raw),
    })
}

fn raw_key(text: &str, spki: &[u8]) -> Result<Vec<u8>, PublicKeyError> {
    if text.len() > MAX_PUBLIC_KEY_BYTES {
        return Err(PublicKeyError::Form);
    }
    let text = text.trim();
    if !text.starts_with("-----") {
        return URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(|_| PublicKeyError::Form);
    }
    if text.contains("PRIVATE KEY") {
        return Err(PublicKeyError::Private);
    }
    let body = text
        .strip_prefix("-----BEGIN PUBLIC KEY-----")
        .and_then(|text| text.strip_suffix("-----END PUBLIC KEY-----"))
        .ok_or(PublicKeyError::Form)?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| PublicKeyError::Form)?;
    der.strip_prefix(spki)
        .map(<[u8]>::to_vec)
        .ok_or(PublicKeyError::OtherAlgorithm)
}

fn ed25519(raw: &[u8]) -> Result<CredentialProof, PublicKeyError> {
    let public_key: [u8; 32] = raw.try_into().map_err(|_| PublicKeyError::Form)?;
    let key = VerifyingKey::from_bytes(&public_key).map_err(|_| PublicKeyError::Weak)?;
    // With a key of small order, one signature fits every message.
    if key.is_weak() {
        return Err(PublicKeyError::Weak);
    }
    Ok(CredentialProof::Ed25519 { public_key })
}

fn p256(raw: &[u8]) -> Result<CredentialProof, PublicKeyError> {
    let public_key: [u8; 65] = raw.try_into().map_err(|_| PublicKeyError::Form)?;
    if public_key[0] != 4 {
        return Err(PublicKeyError::Form);
    }
    // A key agreement checks that the peer's point lies on the curve, which a
    // signature's verification would tell only at the device's first login.
    let own = agreement::EphemeralPrivateKey::generate(&agreement::ECDH_P256, &SystemRandom::new())
        .map_err(|_| PublicKeyError::Weak)?;
    let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, &public_key);
    agreement::agree_ephemeral(own, &peer, |_| ()).map_err(|_| PublicKeyError::Weak)?;
    Ok(CredentialProof::Es256 {
        public_key: Box::new(public_key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(alg: &str, public_key: &str) -> Result<CredentialProof, PublicKeyError> {
        NewKey {
            alg: alg.into(),
            public_key: public_key.into(),
            expires: None,
        }
        .parse()
    }

    /// The key of RFC 8410, section 10.1.
    const ED25519_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";

    #[test]
    fn pem_and_raw_give_the_same_key() {
        let from_pem = parse("EdDSA", ED25519_PEM).unwrap();
        let from_raw = parse("EdDSA", "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE").unwrap();
        assert_eq!(from_pem, from_raw);
        assert_eq!(
            parse("ES256", ED25519_PEM),
            Err(PublicKeyError::OtherAlgorithm)
        );
    }

    #[test]
    fn a_point_of_p256_is_taken_and_one_beside_the_curve_is_not() {
        // Key pair of RFC 6979, A.2.5.
        let mut point = vec![4];
        for half in [
            "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
            "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
        ] {
            for pair in half.as_bytes().chunks(2) {
                let digits = std::str::from_utf8(pair).unwrap();
                point.push(u8::from_str_radix(digits, 16).unwrap());
            }
        }
        let text = URL_SAFE_NO_PAD.encode(&point);
        assert!(matches!(
            parse("ES256", &text),
            Ok(CredentialProof::Es256 { .. })
        ));
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
            STANDARD.encode([P256_SPKI, point.as_slice()].concat())
        );
        assert_eq!(parse("ES256", &pem), parse("ES256", &text));
        point[64] ^= 1;
        let beside = URL_SAFE_NO_PAD.encode(&point);
        assert_eq!(parse("ES256", &beside), Err(PublicKeyError::Weak));
    }

    #[test]
    fn weak_and_wrong_keys_are_refused() {
        let raw = |bytes: [u8; 32]| URL_SAFE_NO_PAD.encode(bytes);
        let mut identity = [0; 32];
        identity[0] = 1;
        // The identity, a point of order 4, and one that is not on the curve.
        assert_eq!(parse("EdDSA", &raw(identity)), Err(PublicKeyError::Weak));
        assert_eq!(parse("EdDSA", &raw([0; 32])), Err(PublicKeyError::Weak));
        let mut beside = [0; 32];
        beside[0] = 2;
        assert_eq!(parse("EdDSA", &raw(beside)), Err(PublicKeyError::Weak));
        assert_eq!(parse("EdDSA", "AAAA"), Err(PublicKeyError::Form));
        assert_eq!(parse("EdDSA", "!"), Err(PublicKeyError::Form));
        assert_eq!(parse("HS256", "AAAA"), Err(PublicKeyError::Algorithm));
        assert_eq!(parse("none", ""), Err(PublicKeyError::Algorithm));
        let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        assert_eq!(parse("EdDSA", private), Err(PublicKeyError::Private));
    }
}
