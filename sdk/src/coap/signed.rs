//! The message that a device signs.
//!
//! ```text
//! COSE_Sign1 = [ protected: bstr {1: -19 or -7, 3: content format, 4: kid,
//!                                 -70001: boot epoch, -70002: sequence, -70003: seconds},
//!                unprotected: {}, payload: bstr, signature: bstr .size 64 ]
//! Sig_structure = ["Signature1", protected, external_aad, payload]
//! external_aad = ["madang/1", "POST", "/devices/{id}/telemetry"]
//! ```

use coset::cbor::Value;
use coset::{CborSerializable as _, CoseSign1Builder, HeaderBuilder, iana};
use domain::payload::ContentFormat;
use domain::{DeviceId, DeviceTopic, Timestamp};

use super::{LABEL_BOOT_EPOCH, LABEL_SEQUENCE, LABEL_TIME, PROTOCOL_LABEL};
use crate::identity::Signer;
use crate::telemetry::MAX_PAYLOAD_BYTES;

/// Why a message cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("the payload has {found} bytes, more than {MAX_PAYLOAD_BYTES}")]
    TooLong { found: usize },
}

/// One message of telemetry, before its signature.
#[derive(Clone, Copy, Debug)]
pub struct SignedTelemetry<'a> {
    pub device: &'a DeviceId,
    /// Grows with each boot; kept in the device's flash.
    pub boot_epoch: u64,
    /// Grows with each message of this boot; sent again, a message keeps it.
    pub sequence: u64,
    /// The device's clock when it signed.
    pub time: Timestamp,
    pub format: ContentFormat,
    pub payload: &'a [u8],
}

impl SignedTelemetry<'_> {
    /// The body of the CoAP request.
    pub fn sign(&self, key: &impl Signer) -> Result<Vec<u8>, SignError> {
        if self.payload.len() > MAX_PAYLOAD_BYTES {
            return Err(SignError::TooLong {
                found: self.payload.len(),
            });
        }
        let content_format = match self.format {
            ContentFormat::SenmlJson => iana::CoapContentFormat::SenmlJson,
            ContentFormat::SenmlCbor => iana::CoapContentFormat::SenmlCbor,
            ContentFormat::CompactJson => iana::CoapContentFormat::Json,
        };
        let protected = HeaderBuilder::new()
            .algorithm(key.cose_algorithm())
            .content_format(content_format)
            .key_id(self.device.as_str().as_bytes().to_vec())
            .value(LABEL_BOOT_EPOCH, Value::from(self.boot_epoch))
            .value(LABEL_SEQUENCE, Value::from(self.sequence))
            .value(
                LABEL_TIME,
                Value::from(self.time.as_micros().div_euclid(1_000_000)),
            )
            .build();
        let message = CoseSign1Builder::new()
            .protected(protected)
            .payload(self.payload.to_vec())
            .create_signature(&external_aad(self.device), |signed| {
                key.signature(signed).to_vec()
            })
            .build();
        Ok(message
            .to_vec()
            .expect("a header of distinct labels encodes"))
    }
}

/// What the signature binds beside the message: the door that it is meant for.
pub fn external_aad(device: &DeviceId) -> Vec<u8> {
    Value::Array(vec![
        Value::Text(PROTOCOL_LABEL.to_owned()),
        Value::Text("POST".to_owned()),
        Value::Text(format!("/{}", DeviceTopic::telemetry(device))),
    ])
    .to_vec()
    .expect("texts always encode")
}

#[cfg(test)]
mod tests;
