//! Payloads of telemetry: SenML JSON (RFC 8428, 110), SenML CBOR (112), and
//! compact JSON.

use crate::{DeviceId, Telemetry, Timestamp};

/// The longest payload, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;
/// The most observations in one message.
pub const MAX_OBSERVATIONS: usize = 1_000;

/// What a payload is written in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ContentFormat {
    SenmlJson,
    SenmlCbor,
    CompactJson,
}

/// Why a whole payload cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[repr(u8)]
pub enum PayloadError {
    #[error("the payload is empty")]
    Empty = 1,
    #[error("the payload is longer than 64 KiB")]
    TooLong = 2,
    #[error("the payload has more than 1,000 observations")]
    TooManyObservations = 3,
    #[error("the payload is not well-formed JSON")]
    Json = 4,
    #[error("the payload is not well-formed CBOR")]
    Cbor = 5,
    #[error("the payload nests too deeply")]
    TooDeep = 6,
    #[error("the payload is neither SenML nor compact JSON: send {{\"t\": TIME, \"v\": {{\"field\": 1.5}}}}")]
    Shape = 7,
    #[error("a SenML label that must be understood is not: {{label}}_")]
    UnknownMandatoryLabel = 8,
    #[error("the content type is none of application/senml+json, application/senml+cbor, application/json")]
    ContentType = 9,
    #[error("a key appears twice in one object")]
    DuplicateKey = 10,
}

/// Reads one payload of `device`, received at `now` (SenML's relative times).
pub fn parse<'a>(
    _bytes: &'a [u8],
    _format: Option<ContentFormat>,
    _device: &DeviceId,
    _now: Timestamp,
) -> Result<Telemetry<'a>, PayloadError> {
    Err(PayloadError::Shape)
}
