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
mod tests {
    use coset::CoseSign1;

    use super::*;
    use crate::identity::DeviceKey;

    fn message(device: &DeviceId) -> SignedTelemetry<'_> {
        SignedTelemetry {
            device,
            boot_epoch: 7,
            sequence: 42,
            time: Timestamp::from_micros(1_700_000_000_900_000),
            format: ContentFormat::SenmlCbor,
            payload: b"\x81\xa2\x00\x65level\x02\xf9\x3e\x00",
        }
    }

    #[test]
    fn a_signed_message_is_standard_cose_and_bound_to_its_path() {
        let key = DeviceKey::generate().unwrap();
        let device = DeviceId::new("dev-1").unwrap();
        let body = message(&device).sign(&key).unwrap();
        let cose = CoseSign1::from_slice(&body).unwrap();
        let header = &cose.protected.header;
        assert_eq!(header.key_id, b"dev-1");
        assert_eq!(
            header.alg,
            Some(coset::Algorithm::Assigned(iana::Algorithm::Ed25519))
        );
        assert_eq!(
            header.rest,
            [(-70_001, 7), (-70_002, 42), (-70_003, 1_700_000_000)]
                .map(|(label, value): (i64, i64)| (coset::Label::Int(label), Value::from(value)))
        );
        let verify = |device: &DeviceId| {
            cose.verify_signature(&external_aad(device), |signature, signed| {
                key.public_key()
                    .verifies(signed, signature.try_into().unwrap())
                    .then_some(())
                    .ok_or(())
            })
        };
        assert_eq!(verify(&device), Ok(()));
        assert_eq!(verify(&DeviceId::new("dev-2").unwrap()), Err(()));
    }

    /// 51 bytes of SenML were measured to become 155; this header has the same
    /// labels, so a growth would show here.
    #[test]
    fn the_signature_costs_about_a_hundred_bytes() {
        let key = DeviceKey::generate().unwrap();
        let device = DeviceId::new("dev-1").unwrap();
        let message = message(&device);
        let overhead = message.sign(&key).unwrap().len() - message.payload.len();
        assert!((100..=115).contains(&overhead), "{overhead}");
    }

    #[test]
    fn a_payload_beyond_the_limit_is_refused_here_already() {
        let device = DeviceId::new("dev-1").unwrap();
        let key = DeviceKey::generate().unwrap();
        let long = vec![b' '; MAX_PAYLOAD_BYTES + 1];
        let message = SignedTelemetry {
            payload: &long,
            ..message(&device)
        };
        assert!(matches!(message.sign(&key), Err(SignError::TooLong { .. })));
    }
}
