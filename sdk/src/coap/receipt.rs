//! The platform's answer: a COSE_Sign1 by one of the platform's own keys over
//!
//! ```text
//! { 1: offset: uint, 2: SHA-256 of the request's body: bstr .size 32,
//!   3: the platform's time, whole seconds since 1970: int }
//! ```
//!
//! with an empty external_aad. It proves that these very bytes are durable.
//! A 2.04 carries it, and a 4.00 for a message that could not be read but was
//! kept: both mean that the device need not send it again.

use coset::cbor::Value;
use coset::{Algorithm, CborSerializable as _, CoseSign1, TaggedCborSerializable as _, iana};
use domain::{Offset, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::es256::Es256PublicKey;
use crate::identity::PublicKey;

/// What the platform's receipts are verified with (`public_keys` of `GET
/// /v1/platform`): a key of each kind, since a receipt has the algorithm of its
/// request.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptKeys {
    pub ed25519: PublicKey,
    /// Needed for a device that signs by ES256 only.
    pub es256: Option<Es256PublicKey>,
}

impl From<PublicKey> for ReceiptKeys {
    fn from(ed25519: PublicKey) -> Self {
        Self {
            ed25519,
            es256: None,
        }
    }
}

impl From<&PublicKey> for ReceiptKeys {
    fn from(ed25519: &PublicKey) -> Self {
        (*ed25519).into()
    }
}

impl From<&Self> for ReceiptKeys {
    fn from(keys: &Self) -> Self {
        *keys
    }
}

/// The longest answer that is looked at, in bytes; a receipt has about 130.
const MAX_RECEIPT_BYTES: usize = 1_024;

/// The proof that a message is durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The message's place in the platform's log.
    pub offset: Offset,
    /// The platform's clock when it answered; good enough to set a device's.
    pub time: Timestamp,
}

/// Why an answer proves nothing. The device keeps its data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    #[error("the answer is not a COSE_Sign1")]
    Form,
    #[error("the answer's algorithm is one that no key of the platform is known for")]
    Algorithm,
    #[error("the answer is not signed by the platform's key")]
    Signature,
    #[error("the receipt has no {0}")]
    Missing(&'static str),
    #[error("the receipt is for another message")]
    OtherMessage,
}

/// Checks the payload of a CoAP answer against the request's body.
pub fn verify_receipt(
    answer: &[u8],
    platform: impl Into<ReceiptKeys>,
    request_body: &[u8],
) -> Result<Receipt, ReceiptError> {
    let platform = platform.into();
    if answer.len() > MAX_RECEIPT_BYTES {
        return Err(ReceiptError::Form);
    }
    let cose = CoseSign1::from_slice(answer)
        .or_else(|_| CoseSign1::from_tagged_slice(answer))
        .map_err(|_| ReceiptError::Form)?;
    let Some(Algorithm::Assigned(algorithm)) = cose.protected.header.alg else {
        return Err(ReceiptError::Algorithm);
    };
    cose.verify_signature(b"", |signature, signed| {
        let signature = signature.try_into().map_err(|_| ReceiptError::Signature)?;
        let verified = match (algorithm, &platform.es256) {
            (iana::Algorithm::Ed25519 | iana::Algorithm::EdDSA, _) => {
                platform.ed25519.verifies(signed, signature)
            }
            (iana::Algorithm::ES256 | iana::Algorithm::ESP256, Some(key)) => {
                key.verifies(signed, signature)
            }
            _ => return Err(ReceiptError::Algorithm),
        };
        if verified {
            Ok(())
        } else {
            Err(ReceiptError::Signature)
        }
    })?;
    read(cose.payload.as_deref().unwrap_or_default(), request_body)
}

fn read(payload: &[u8], request_body: &[u8]) -> Result<Receipt, ReceiptError> {
    let Ok(Value::Map(entries)) = Value::from_slice(payload) else {
        return Err(ReceiptError::Form);
    };
    let entry = |key: i64| {
        entries
            .iter()
            .find_map(|(label, value)| (*label == Value::from(key)).then_some(value))
    };
    let offset = entry(1)
        .and_then(Value::as_integer)
        .and_then(|number| u64::try_from(number).ok())
        .ok_or(ReceiptError::Missing("offset"))?;
    let digest = entry(2)
        .and_then(Value::as_bytes)
        .ok_or(ReceiptError::Missing("SHA-256"))?;
    let seconds = entry(3)
        .and_then(Value::as_integer)
        .and_then(|number| i64::try_from(number).ok())
        .and_then(|seconds| seconds.checked_mul(1_000_000))
        .ok_or(ReceiptError::Missing("time"))?;
    if digest.as_slice() != Sha256::digest(request_body).as_slice() {
        return Err(ReceiptError::OtherMessage);
    }
    Ok(Receipt {
        offset: Offset::new(offset),
        time: Timestamp::from_micros(seconds),
    })
}

#[cfg(test)]
mod tests;
