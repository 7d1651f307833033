//! The answer that proves durability: a COSE_Sign1 by a key of the platform's
//! own over
//!
//! ```text
//! { 1: offset: uint, 2: SHA-256 of the request's body: bstr .size 32,
//!   3: the platform's time, whole seconds since 1970: int }
//! ```
//!
//! with an empty external_aad: about 130 bytes. Its algorithm is the request's,
//! and it is tagged where the request was: many libraries read only what they
//! write. Making one needs the sink's [`Receipt`].

use std::sync::Arc;

use coset::cbor::Value;
use coset::{
    CborSerializable as _, CoseSign1, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable as _,
};
use ed25519_dalek::{Signer as _, SigningKey};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use transport::Receipt;

use super::BodyDigest;
use crate::access::SignatureKind;
use crate::security::MessageForm;

/// Why there are no keys to sign receipts with.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptKeyError {
    #[error("the ES256 key is no PKCS#8 of P-256 with its public half: {0}")]
    Es256(ring::error::KeyRejected),
}

/// The platform's private keys, one of each kind.
#[derive(Clone)]
pub struct ReceiptKeys {
    ed25519: SigningKey,
    es256: Arc<EcdsaKeyPair>,
    random: SystemRandom,
}

impl ReceiptKeys {
    /// `es256` is a PKCS#8 document (DER) with the public half in it.
    pub fn new(ed25519_seed: &[u8; 32], es256: &[u8]) -> Result<Self, ReceiptKeyError> {
        let random = SystemRandom::new();
        let es256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, es256, &random)
            .map_err(ReceiptKeyError::Es256)?;
        Ok(Self {
            ed25519: SigningKey::from_bytes(ed25519_seed),
            es256: Arc::new(es256),
            random,
        })
    }

    /// What devices verify receipts with.
    pub fn ed25519_public(&self) -> [u8; 32] {
        self.ed25519.verifying_key().to_bytes()
    }

    /// The same for ES256: the uncompressed point.
    pub fn es256_public(&self) -> [u8; 65] {
        let point = self.es256.public_key().as_ref().try_into();
        point.expect("an uncompressed point of P-256 has 65 bytes")
    }

    /// `None` where the system has no random numbers for an ES256 signature.
    /// `seconds` is the platform's clock.
    pub(crate) fn sign(
        &self,
        form: MessageForm,
        receipt: &impl Receipt,
        body_digest: BodyDigest,
        seconds: i64,
    ) -> Option<Vec<u8>> {
        let payload = Value::Map(vec![
            (Value::from(1), Value::from(receipt.offset().get())),
            (Value::from(2), Value::Bytes(body_digest.to_vec())),
            (Value::from(3), Value::from(seconds)),
        ]);
        let protected = HeaderBuilder::new()
            .algorithm(form.algorithm.assigned())
            .build();
        let mut cose = CoseSign1Builder::new()
            .protected(protected)
            .payload(payload.to_vec().expect("integers and bytes encode"))
            .build();
        cose.signature = self.signature(form.algorithm.kind(), &cose.tbs_data(b""))?;
        Some(encode(cose, form.tagged))
    }

    fn signature(&self, kind: SignatureKind, message: &[u8]) -> Option<Vec<u8>> {
        match kind {
            SignatureKind::Ed25519 => Some(self.ed25519.sign(message).to_bytes().to_vec()),
            SignatureKind::Es256 => {
                let signature = self.es256.sign(&self.random, message).ok()?;
                Some(signature.as_ref().to_vec())
            }
        }
    }
}

fn encode(cose: CoseSign1, tagged: bool) -> Vec<u8> {
    let bytes = if tagged {
        cose.to_tagged_vec()
    } else {
        cose.to_vec()
    };
    bytes.expect("a header of one label encodes")
}

/// The private halves are never printed.
impl std::fmt::Debug for ReceiptKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReceiptKeys")
    }
}
