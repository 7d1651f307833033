//! Payloads of telemetry: SenML JSON (RFC 8428, 110), SenML CBOR (112), and
//! compact JSON.
//!
//! Constraints: nothing is allocated before a limit was checked; a message is
//! refused as a whole only where it cannot be read ([`PayloadError`]), while a
//! bad observation in a good message is a [`crate::Rejection`] beside the
//! others; names and texts stay borrowed from the payload.

mod cbor;
mod compact;
pub mod encode;
mod error;
mod format;
mod json;
mod limits;
mod name;
mod senml;
mod senml_cbor;
mod senml_json;
mod senml_time;

pub use error::PayloadError;
pub use format::ContentFormat;
pub use limits::{MAX_DEPTH, MAX_OBSERVATIONS, MAX_PAYLOAD_BYTES};

use crate::{DeviceId, Telemetry, Timestamp};
use format::Encoded;

/// Reads one payload of `device`, received at `now` (SenML's relative times).
/// Without a `format` the first bytes decide, and so they do which of the two
/// forms of JSON a `[` begins that is said to be JSON.
pub fn parse<'a>(
    bytes: &'a [u8],
    format: Option<ContentFormat>,
    device: &DeviceId,
    now: Timestamp,
) -> Result<Telemetry<'a>, PayloadError> {
    if bytes.is_empty() {
        return Err(PayloadError::Empty);
    }
    if bytes.len() > MAX_PAYLOAD_BYTES {
        return Err(PayloadError::TooLong);
    }
    let mut telemetry = Telemetry::default();
    let read = &mut telemetry;
    match Encoded::of(bytes, format)? {
        Encoded::SenmlJson(text) => senml_json::parse(text, device, now, read),
        Encoded::SenmlCbor(bytes) => senml_cbor::parse(bytes, device, now, read),
        Encoded::CompactJson(text) => compact::parse(text, device, read),
    }?;
    Ok(telemetry)
}
