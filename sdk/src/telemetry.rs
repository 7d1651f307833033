//! What a device sends, and where to: the topics of the contract and the
//! payload encoders that device and platform share.

pub use domain::DeviceTopic;
pub use domain::payload::encode;
pub use domain::payload::{ContentFormat, MAX_OBSERVATIONS, MAX_PAYLOAD_BYTES};
