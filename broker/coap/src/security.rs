//! The body of a request: one COSE_Sign1 (RFC 9052) around the telemetry.
//!
//! ```text
//! COSE_Sign1 = [ protected: bstr .cbor {1: -19, -8, -7 or -9, ? 3: content format, ? 4: kid,
//!                  -70001: boot epoch, -70002: sequence, ? -70003: seconds},
//!                unprotected: {? 4: kid}, payload: bstr, signature: bstr .size 64 ]
//! external_aad = ["madang/1", "POST", "/devices/{id}/telemetry"]
//! ```
//!
//! Constraints: the outer array is read by hand, so that nothing is allocated
//! for a map or an array before its bytes were counted; definite lengths only;
//! the protected header has at most [`MAX_PROTECTED_BYTES`], the other
//! [`MAX_UNPROTECTED_BYTES`]. `alg`, epoch and sequence are taken from the
//! protected header alone. A `kid` may stand in either, since it has to be the
//! path's device, and the path is signed. A critical header (`crit`) that is
//! none of these refuses the message.

mod envelope;
#[cfg(test)]
mod tests;

use coset::cbor::Value;
use coset::iana::{self, EnumI64 as _};
use coset::{
    Algorithm, CborSerializable as _, ContentType, Header, Label, ProtectedHeader,
    RegisteredLabelWithPrivate, SignatureContext, sig_structure_data,
};
use domain::payload::ContentFormat;
use domain::{DeviceId, DeviceTopic, Timestamp};

use crate::access::SignatureKind;
use envelope::envelope;

/// Bytes of the protected header. The usual one has about 50.
pub(crate) const MAX_PROTECTED_BYTES: usize = 512;
/// Bytes of the unprotected header.
pub(crate) const MAX_UNPROTECTED_BYTES: usize = 256;
const LABEL_BOOT_EPOCH: i64 = -70_001;
const LABEL_SEQUENCE: i64 = -70_002;
const LABEL_TIME: i64 = -70_003;

/// What the protected header calls the signature. Two names each: the older
/// ones of RFC 9053, and those of RFC 9864 that tell the curve.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MessageAlgorithm {
    /// -8
    EdDsa,
    /// -19
    Ed25519,
    /// -7
    Es256,
    /// -9
    Esp256,
}

impl MessageAlgorithm {
    pub(crate) const fn kind(self) -> SignatureKind {
        match self {
            Self::EdDsa | Self::Ed25519 => SignatureKind::Ed25519,
            Self::Es256 | Self::Esp256 => SignatureKind::Es256,
        }
    }

    pub(super) const fn assigned(self) -> iana::Algorithm {
        match self {
            Self::EdDsa => iana::Algorithm::EdDSA,
            Self::Ed25519 => iana::Algorithm::Ed25519,
            Self::Es256 => iana::Algorithm::ES256,
            Self::Esp256 => iana::Algorithm::ESP256,
        }
    }

    fn read(algorithm: Option<&Algorithm>) -> Option<Self> {
        let Some(Algorithm::Assigned(assigned)) = algorithm else {
            return None;
        };
        [Self::EdDsa, Self::Ed25519, Self::Es256, Self::Esp256]
            .into_iter()
            .find(|known| known.assigned() == *assigned)
    }
}

/// How a message is written, and its answer too: libraries read one algorithm,
/// and some read tagged messages only, others bare ones only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MessageForm {
    pub(crate) algorithm: MessageAlgorithm,
    /// CBOR's tag 18 stands before it.
    pub(crate) tagged: bool,
}

/// A message that claims to be a device's; nothing is verified yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SignedMessage<'a> {
    pub(crate) form: MessageForm,
    pub(crate) kid: DeviceId,
    pub(crate) boot_epoch: u64,
    pub(crate) sequence: u64,
    pub(crate) time: Option<Timestamp>,
    /// What the payload is written in; without one its first byte tells.
    pub(crate) format: Option<ContentFormat>,
    pub(crate) payload: &'a [u8],
    pub(crate) signature: &'a [u8; 64],
    protected: &'a [u8],
}

/// Why a body is no signed message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum SecurityError {
    #[error("the body is no COSE_Sign1 with definite lengths and a payload of its own")]
    Envelope,
    #[error("a header is longer than its limit")]
    TooLong,
    #[error("a header is no map of distinct labels")]
    Header,
    #[error("the signature does not have 64 bytes")]
    SignatureLength,
    #[error("the protected algorithm is neither Ed25519 (-19, -8) nor ES256 (-7, -9)")]
    Algorithm,
    #[error("a critical header is not understood")]
    Critical,
    #[error("there is no kid that is a device's id")]
    Kid,
    #[error("the protected header lacks boot epoch (-70001) or sequence (-70002)")]
    Counter,
    #[error("the time (-70003) is no whole number of seconds")]
    Time,
    #[error("the content format is none of 110, 112 and 50")]
    ContentFormat,
}

impl SecurityError {
    /// What the device's maker can do about it.
    pub(crate) const fn cure(self) -> &'static str {
        match self {
            Self::Envelope => {
                "send one COSE_Sign1, tagged or not, with content format 18: a protected header, an unprotected one, the payload and the signature"
            }
            Self::TooLong => {
                "leave out of the headers what is not alg, kid, content type, -70001, -70002 and -70003"
            }
            Self::Header => "write each label into a header once",
            Self::SignatureLength => {
                "send the signature as 64 bytes: an ES256 one as r and s of 32 bytes each, not as DER"
            }
            Self::Algorithm => {
                "put -19 or -8 (Ed25519) or -7 or -9 (ES256) as label 1 into the protected header"
            }
            Self::Critical => "leave out the label from `crit` that is not known here",
            Self::Kid => {
                "put the device's id as bytes into `kid` (label 4), into one of the two headers"
            }
            Self::Counter => {
                "put -70001, which grows with each boot, and -70002, which grows with each message, into the protected header as whole numbers"
            }
            Self::Time => "write -70003 as whole seconds since 1970, or leave it out",
            Self::ContentFormat => {
                "write 110 (SenML JSON), 112 (SenML CBOR) or 50 (JSON) as label 3, or leave it out"
            }
        }
    }
}

/// Reads a body.
pub(crate) fn open(body: &[u8]) -> Result<SignedMessage<'_>, SecurityError> {
    let envelope = envelope(body)?;
    let protected = header(envelope.protected, MAX_PROTECTED_BYTES)?;
    let unprotected = header(envelope.unprotected, MAX_UNPROTECTED_BYTES)?;
    let algorithm =
        MessageAlgorithm::read(protected.alg.as_ref()).ok_or(SecurityError::Algorithm)?;
    if !unprotected.crit.is_empty() || !protected.crit.iter().all(is_understood) {
        return Err(SecurityError::Critical);
    }
    let seconds = match integer(&protected, LABEL_TIME) {
        Some(value) => Some(i64::try_from(value.ok_or(SecurityError::Time)?)),
        None => None,
    };
    let time = match seconds {
        Some(seconds) => Some(
            seconds
                .ok()
                .and_then(|seconds| seconds.checked_mul(1_000_000))
                .map(Timestamp::from_micros)
                .ok_or(SecurityError::Time)?,
        ),
        None => None,
    };
    let counter = |label| {
        integer(&protected, label)
            .flatten()
            .and_then(|value| u64::try_from(value).ok())
            .ok_or(SecurityError::Counter)
    };
    Ok(SignedMessage {
        form: MessageForm {
            algorithm,
            tagged: envelope.tagged,
        },
        kid: kid(&protected, &unprotected)?,
        boot_epoch: counter(LABEL_BOOT_EPOCH)?,
        sequence: counter(LABEL_SEQUENCE)?,
        time,
        format: format(protected.content_type.as_ref())?,
        payload: envelope.payload,
        signature: envelope
            .signature
            .try_into()
            .map_err(|_| SecurityError::SignatureLength)?,
        protected: envelope.protected,
    })
}

impl SignedMessage<'_> {
    /// COSE's Sig_structure for the way that the message came.
    pub(crate) fn signed_bytes(&self, device: &DeviceId) -> Vec<u8> {
        self.over(&external_aad(device))
    }

    /// What a device signs whose library was given no external_aad: that the
    /// signature fits this tells the operator why it does not fit the other.
    pub(crate) fn signed_without_aad(&self) -> Vec<u8> {
        self.over(&[])
    }

    fn over(&self, external_aad: &[u8]) -> Vec<u8> {
        let protected = ProtectedHeader {
            original_data: Some(self.protected.to_vec()),
            header: Header::default(),
        };
        sig_structure_data(
            SignatureContext::CoseSign1,
            protected,
            None,
            external_aad,
            self.payload,
        )
    }
}

fn external_aad(device: &DeviceId) -> Vec<u8> {
    Value::Array(vec![
        Value::Text("madang/1".to_owned()),
        Value::Text("POST".to_owned()),
        Value::Text(format!("/{}", DeviceTopic::telemetry(device))),
    ])
    .to_vec()
    .expect("texts always encode")
}

fn header(bytes: &[u8], limit: usize) -> Result<Header, SecurityError> {
    if bytes.len() > limit {
        return Err(SecurityError::TooLong);
    }
    // An empty string stands for an empty map.
    if bytes.is_empty() {
        return Ok(Header::default());
    }
    Header::from_slice(bytes).map_err(|_| SecurityError::Header)
}

fn is_understood(label: &RegisteredLabelWithPrivate<iana::HeaderParameter>) -> bool {
    match label {
        RegisteredLabelWithPrivate::Assigned(label) => matches!(
            label,
            iana::HeaderParameter::Alg
                | iana::HeaderParameter::Crit
                | iana::HeaderParameter::ContentType
                | iana::HeaderParameter::Kid
        ),
        RegisteredLabelWithPrivate::PrivateUse(label) => {
            [LABEL_BOOT_EPOCH, LABEL_SEQUENCE, LABEL_TIME].contains(label)
        }
        RegisteredLabelWithPrivate::Text(_) => false,
    }
}

fn kid(protected: &Header, unprotected: &Header) -> Result<DeviceId, SecurityError> {
    let bytes = match (protected.key_id.as_slice(), unprotected.key_id.as_slice()) {
        (kid, []) | ([], kid) => kid,
        // RFC 9052: a label stands in one of the two.
        _ => return Err(SecurityError::Kid),
    };
    std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| DeviceId::new(text).ok())
        .ok_or(SecurityError::Kid)
}

/// The value of a label: outer None where it is absent, inner where it is no
/// integer.
fn integer(header: &Header, label: i64) -> Option<Option<i128>> {
    let (_, value) = header
        .rest
        .iter()
        .find(|(found, _)| *found == Label::Int(label))?;
    Some(value.as_integer().map(i128::from))
}

fn format(content_type: Option<&ContentType>) -> Result<Option<ContentFormat>, SecurityError> {
    let format = match content_type {
        None => return Ok(None),
        Some(ContentType::Assigned(number)) => u16::try_from(number.to_i64())
            .ok()
            .and_then(|number| ContentFormat::from_coap_number(number).ok()),
        Some(ContentType::Text(text)) => ContentFormat::from_content_type(text).ok(),
    };
    format.map(Some).ok_or(SecurityError::ContentFormat)
}
