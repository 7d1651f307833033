//! Why bytes are not a packet.

use super::ReasonCode;

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes do not have the form of the packet.
    #[error("malformed packet: {0}")]
    Malformed(&'static str),
    /// The form is right and the content is not allowed.
    #[error("protocol error: {0}")]
    Protocol(&'static str),
    #[error("a packet of {bytes} bytes is larger than {limit}")]
    TooLarge { bytes: usize, limit: usize },
    #[error("the protocol's name and level are not those of MQTT 3.1.1 or 5")]
    UnsupportedVersion,
}

impl DecodeError {
    /// As a server tells it to an MQTT 5 client.
    pub fn reason(self) -> ReasonCode {
        match self {
            Self::Malformed(_) => ReasonCode::MALFORMED_PACKET,
            Self::Protocol(_) => ReasonCode::PROTOCOL_ERROR,
            Self::TooLarge { .. } => ReasonCode::PACKET_TOO_LARGE,
            Self::UnsupportedVersion => ReasonCode::UNSUPPORTED_PROTOCOL_VERSION,
        }
    }
}
