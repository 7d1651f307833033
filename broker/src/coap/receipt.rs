//! The answer that proves durability: a COSE_Sign1 by the platform's own key
//! over
//!
//! ```text
//! { 1: offset: uint, 2: SHA-256 of the request's body: bstr .size 32,
//!   3: the platform's time, whole seconds since 1970: int }
//! ```
//!
//! with an empty external_aad and the protected header `{1: -19}`: about 130
//! bytes. Making one needs the sink's [`Receipt`].

use coset::cbor::Value;
use coset::{CborSerializable as _, CoseSign1Builder, HeaderBuilder, iana};
use ed25519_dalek::{Signer as _, SigningKey};

use super::receipts::BodyDigest;
use crate::sink::Receipt;

/// The platform's private key.
#[derive(Clone)]
pub struct ReceiptKey(SigningKey);

impl ReceiptKey {
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// What devices verify receipts with.
    pub fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// `seconds` is the platform's clock.
    pub(super) fn sign(
        &self,
        receipt: &impl Receipt,
        body_digest: BodyDigest,
        seconds: i64,
    ) -> Vec<u8> {
        let payload = Value::Map(vec![
            (Value::from(1), Value::from(receipt.offset().get())),
            (Value::from(2), Value::Bytes(body_digest.to_vec())),
            (Value::from(3), Value::from(seconds)),
        ]);
        let protected = HeaderBuilder::new()
            .algorithm(iana::Algorithm::Ed25519)
            .build();
        CoseSign1Builder::new()
            .protected(protected)
            .payload(payload.to_vec().expect("integers and bytes encode"))
            .create_signature(b"", |signed| self.0.sign(signed).to_bytes().to_vec())
            .build()
            .to_vec()
            .expect("a header of one label encodes")
    }
}

/// The private half is never printed.
impl std::fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReceiptKey")
    }
}
