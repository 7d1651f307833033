//! A device's credentials, as the registry keeps them.

use domain::{CredentialId, Timestamp};

/// Active credentials a device may have at once, for rotation.
pub const MAX_CREDENTIALS: usize = 3;

/// What a device proves itself with.
#[derive(Clone, PartialEq, Debug)]
pub struct Credential {
    pub id: CredentialId,
    pub proof: CredentialProof,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
}

impl Credential {
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }
}

/// The registry's half of a credential.
#[derive(Clone, PartialEq, Debug)]
pub enum CredentialProof {
    /// Raw 32 bytes.
    Ed25519 { public_key: [u8; 32] },
    /// Uncompressed point, 65 bytes.
    Es256 { public_key: Box<[u8; 65]> },
    /// SHA-256 of the public key (SubjectPublicKeyInfo, DER) of a certificate, of
    /// an algorithm that nothing but TLS verifies here.
    Certificate { spki_sha256: [u8; 32] },
    /// HMAC-SHA256 of the password under the registry's pepper.
    Password {
        hmac: [u8; 32],
        /// CIDR networks it may come from on plaintext listeners.
        networks: Box<[Box<str>]>,
    },
}

impl CredentialProof {
    /// As it is written: its kind, its bytes, and the networks of a password.
    pub(crate) fn parts(&self) -> (&'static str, &[u8], &[Box<str>]) {
        match self {
            Self::Ed25519 { public_key } => ("ed25519", public_key, &[]),
            Self::Es256 { public_key } => ("es256", public_key.as_slice(), &[]),
            Self::Certificate { spki_sha256 } => ("certificate", spki_sha256, &[]),
            Self::Password { hmac, networks } => ("password", hmac, networks),
        }
    }

    /// Of its [parts](Self::parts), if they are such.
    pub(crate) fn from_parts(kind: &str, bytes: &[u8], networks: Box<[Box<str>]>) -> Option<Self> {
        match kind {
            "ed25519" => Some(Self::Ed25519 {
                public_key: bytes.try_into().ok()?,
            }),
            "es256" => {
                let public_key: [u8; 65] = bytes.try_into().ok()?;
                Some(Self::Es256 {
                    public_key: Box::new(public_key),
                })
            }
            "certificate" => Some(Self::Certificate {
                spki_sha256: bytes.try_into().ok()?,
            }),
            "password" => Some(Self::Password {
                hmac: bytes.try_into().ok()?,
                networks,
            }),
            _ => None,
        }
    }
}
