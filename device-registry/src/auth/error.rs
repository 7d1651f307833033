//! Why a device was not let in, in words for the operator who has to help:
//! the reason by `Display`, and what to do by `cure`. Never for the device.

use std::fmt;
use std::net::IpAddr;

use domain::Timestamp;

/// The longest token that is read: a usual one has about 250 bytes.
pub(super) const MAX_TOKEN_BYTES: usize = 4_096;

/// Why a device was not let in.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AuthError {
    #[error("no device has this id or alias")]
    UnknownDevice,
    #[error("the device is revoked")]
    Revoked,
    #[error("the device's registration expired at {at}")]
    DeviceExpired { at: Timestamp },
    #[error("the device has no credential of this kind ({wanted})")]
    NoCredential { wanted: &'static str },
    #[error("the credential that fits expired at {at}")]
    CredentialExpired { at: Timestamp },

    #[error("the token has {bytes} bytes; at most {} are read", MAX_TOKEN_BYTES)]
    TokenTooLong { bytes: usize },
    #[error("the password is no JWT: {0}")]
    TokenForm(&'static str),
    #[error("the token says alg {token:?}; the device's active keys are {registered}")]
    Algorithm {
        token: String,
        registered: &'static str,
    },
    #[error("the signature fits none of the device's active keys")]
    WrongKey,
    #[error("the certificate's public key is none of the device's active keys")]
    WrongCertificate,
    #[error("the token's `sub` is {found:?}, not the device's id")]
    Subject { found: String },
    #[error("the token's `aud` is {found:?}; this platform's name is {expected:?}")]
    Audience { found: String, expected: String },
    #[error("the token has no `{0}`")]
    MissingClaim(&'static str),
    #[error("the token's `{claim}` is {found}, and no {wanted}")]
    ClaimType {
        claim: &'static str,
        /// `number of seconds`, `text`.
        wanted: &'static str,
        found: String,
    },
    #[error("the token's `exp` lies {} after its `iat`; allowed are more than 0 and at most 24 h", Span(*.seconds))]
    Lifetime { seconds: i64 },
    #[error("the token expired at {at}, {} ago by the platform's clock", Span(*.seconds))]
    TokenExpired { at: Timestamp, seconds: i64 },
    #[error("the token was issued at {at}, {} ahead of the platform's clock", Span(*.seconds))]
    IssuedAhead { at: Timestamp, seconds: i64 },
    #[error("the token is valid from {at}, {} ahead of the platform's clock", Span(*.seconds))]
    NotBefore { at: Timestamp, seconds: i64 },

    #[error("the password is wrong")]
    WrongPassword,
    #[error("what came as the password is no JWT, and the device has a key and no password")]
    NoToken,
    #[error("a password came without encryption from {peer}, which is not among its networks")]
    Unprotected { peer: IpAddr },
}

/// What kind of refusal it is, for a protocol's reason code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuthErrorKind {
    Unknown,
    Revoked,
    Expired,
    BadCredentials,
}

impl AuthError {
    pub fn kind(&self) -> AuthErrorKind {
        match self {
            Self::UnknownDevice => AuthErrorKind::Unknown,
            Self::Revoked => AuthErrorKind::Revoked,
            Self::DeviceExpired { .. } => AuthErrorKind::Expired,
            _ => AuthErrorKind::BadCredentials,
        }
    }

    /// Stable, in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownDevice => "unknown-device",
            Self::Revoked => "device-revoked",
            Self::DeviceExpired { .. } => "device-expired",
            Self::NoCredential { .. } => "no-credential",
            Self::CredentialExpired { .. } => "credential-expired",
            Self::TokenTooLong { .. } => "token-too-long",
            Self::TokenForm(_) => "token-form",
            Self::Algorithm { .. } => "token-algorithm",
            Self::WrongKey => "wrong-key",
            Self::WrongCertificate => "wrong-certificate",
            Self::Subject { .. } => "token-subject",
            Self::Audience { .. } => "token-audience",
            Self::MissingClaim(_) => "token-claim-missing",
            Self::ClaimType { .. } => "token-claim-type",
            Self::Lifetime { .. } => "token-lifetime",
            Self::TokenExpired { .. } => "token-expired",
            Self::IssuedAhead { .. } => "token-issued-ahead",
            Self::NotBefore { .. } => "token-not-before",
            Self::WrongPassword => "wrong-password",
            Self::NoToken => "no-token",
            Self::Unprotected { .. } => "password-unprotected",
        }
    }

    /// What the operator can do about it.
    pub fn cure(&self) -> &'static str {
        match self {
            Self::UnknownDevice => {
                "register the device, or correct the user name in its firmware: it is the device's id or alias"
            }
            Self::Revoked => {
                "revocation is final; register a new device, with `thing` set to keep the datastreams"
            }
            Self::DeviceExpired { .. } => "set a later `expires` on the device",
            Self::NoCredential { .. } => {
                "add a public key or a certificate to the device, or make it a password, as its firmware needs"
            }
            Self::CredentialExpired { .. } => {
                "add a new key or password; up to three may overlap while the device changes over"
            }
            Self::TokenTooLong { .. } => "leave out of the token what is not sub, aud, iat and exp",
            Self::TokenForm(_) => {
                "send a JWT (RFC 7519) as the password: header, claims and signature in base64url, with dots between"
            }
            Self::Algorithm { .. } => {
                "sign with the registered key, or register the key that the device has"
            }
            Self::WrongKey => {
                "register the device's own public key; it may have been replaced, or two devices' keys were exchanged"
            }
            Self::WrongCertificate => {
                "register the certificate that the device has (madang device add --certificate, or its PEM as a `public_key`); a new certificate on the same key needs nothing"
            }
            Self::Subject { .. } => "put the device's id into `sub`, as registered, not its alias",
            Self::Audience { .. } => "put this platform's name into `aud`",
            Self::MissingClaim("alg") => {
                "name the algorithm in the token's header: `alg` is EdDSA, Ed25519 or ES256"
            }
            Self::MissingClaim(_) => "the token needs sub, aud, iat and exp",
            Self::ClaimType { claim: "sub", .. } => "write the device's id into `sub` as a text",
            Self::ClaimType { claim: "aud", .. } => {
                "write this platform's name into `aud`, as a text or as an array of texts"
            }
            Self::ClaimType { claim: "alg", .. } => {
                "write `alg` into the header as a text: EdDSA, Ed25519 or ES256"
            }
            Self::ClaimType { .. } => {
                "write times into the token as numbers of seconds since 1970, without quotes: \"exp\": 1790000000"
            }
            Self::Lifetime { .. } => {
                "set `exp` to at most 24 hours after `iat`; both are in seconds"
            }
            Self::TokenExpired { .. } => {
                "make a new token for each connection; if this one is new, the device's clock is slow: set it, by NTP if it can"
            }
            Self::IssuedAhead { .. } | Self::NotBefore { .. } => {
                "the device's clock is fast: set it, by NTP if it can; `iat` and `exp` are in seconds, not milliseconds"
            }
            Self::WrongPassword => {
                "make a new password for the device; the old one cannot be shown again"
            }
            Self::NoToken => {
                "sign a JWT with the device's key and send it as the password; or make a password for the device"
            }
            Self::Unprotected { .. } => {
                "connect by TLS (mqtts, wss, https), or bind the password to the device's source network"
            }
        }
    }
}

/// Seconds, as a person would say them.
struct Span(i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let seconds = self.0.unsigned_abs();
        match seconds {
            0..=119 => write!(f, "{sign}{seconds} s"),
            120..=7_199 => write!(f, "{sign}{} min", seconds / 60),
            7_200..=172_799 => write!(f, "{sign}{} h", seconds / 3_600),
            _ => write!(f, "{sign}{} days", seconds / 86_400),
        }
    }
}
