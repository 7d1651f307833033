//! What a public key signs with, and why a key is refused.

/// Why a public key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    #[error("`alg` is EdDSA or Ed25519 (both are Ed25519), or ES256 (ECDSA on P-256)")]
    Algorithm,
    #[error(
        "`public_key` is base64url of the raw key (32 bytes for EdDSA, the uncompressed point of 65 bytes for ES256), one PEM that begins with BEGIN PUBLIC KEY or BEGIN CERTIFICATE, or a JWK"
    )]
    Form,
    #[error("the JWK cannot be read: {0}")]
    Jwk(&'static str),
    #[error("the certificate cannot be read")]
    Certificate,
    #[error("a certificate's key is of Ed25519, P-256, P-384 or RSA with 2048 to 8192 bits")]
    CertificateKey,
    #[error(
        "that is a private key; send the public one, and make a new pair: this one is known now"
    )]
    Private,
    #[error("the key is of another algorithm than `alg` says")]
    OtherAlgorithm,
    #[error("the key is not a point of its curve, or one that proves nothing (of small order)")]
    Weak,
}

/// What a key signs with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Algorithm {
    Ed25519,
    Es256,
}

impl Algorithm {
    /// By its names in JOSE and COSE.
    pub(crate) fn parse(name: &str) -> Result<Self, PublicKeyError> {
        match name {
            "EdDSA" | "Ed25519" => Ok(Self::Ed25519),
            "ES256" | "ESP256" => Ok(Self::Es256),
            _ => Err(PublicKeyError::Algorithm),
        }
    }
}
