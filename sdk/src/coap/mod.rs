//! Telemetry over CoAP: a signed message out, a signed receipt back.
//!
//! The request is `POST /devices/{id}/telemetry` with content format 18 and a
//! COSE_Sign1 (RFC 9052) as its body. It is standard COSE, but none of CoAP's
//! own security modes: the message is signed, not hidden.
//!
//! Constraints: Ed25519 (algorithm -19 of RFC 9864, or the older -8) or ES256
//! (-7, or -9 of RFC 9864); the receipt has the algorithm of the request, and is
//! tagged where the request was; the signature binds protocol, method and path by its external_aad; boot
//! epoch and sequence name a message once and for all, so that the platform
//! refuses a replay. A device keeps its data until [`verify_receipt`] passes:
//! a bare 2.04 could be anybody's.
//!
//! What a device does with its answers:
//!
//! | Answer | Then |
//! |---|---|
//! | 2.04 or 4.00 with a receipt that verifies | the data may go |
//! | none in time | send the same bytes again: they get the same receipt |
//! | 4.01 `Replay detected` | sign the same data under a new sequence: the platform knows an observation by datastream and time, and stores none twice |
//! | 4.29, 5.03 | wait for its Max-Age, then send the same bytes again |
//! | anything else | keep the data; the operator sees why |
//!
//! So sign when you send, not when you measure: what was signed in an earlier
//! boot is refused once a message of a later boot has come.

mod receipt;
mod signed;

pub use receipt::{Receipt, ReceiptError, ReceiptKeys, verify_receipt};
pub use signed::{SignError, SignedTelemetry, external_aad};

/// CoAP's number for `application/cose; cose-type="cose-sign1"`.
pub const CONTENT_FORMAT_COSE_SIGN1: u16 = 18;
/// Protected header label: a number that grows with each boot.
pub const LABEL_BOOT_EPOCH: i64 = -70_001;
/// Protected header label: the message's number within its boot.
pub const LABEL_SEQUENCE: i64 = -70_002;
/// Protected header label: the device's clock, whole seconds since 1970.
pub const LABEL_TIME: i64 = -70_003;
/// The first item of external_aad.
pub const PROTOCOL_LABEL: &str = "madang/1";
