//! One message of a device on its way to the log.

use crate::payload::PayloadError;
use crate::{Assurance, CredentialId, DeviceId, Telemetry, Timestamp};

/// By which transport a message came.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Transport {
    Mqtt = 1,
    MqttTls = 2,
    WebSocket = 3,
    Coap = 4,
    Http = 5,
}

impl Transport {
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Mqtt),
            2 => Some(Self::MqttTls),
            3 => Some(Self::WebSocket),
            4 => Some(Self::Coap),
            5 => Some(Self::Http),
            _ => None,
        }
    }

    pub const fn code(self) -> u8 {
        self as u8
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::MqttTls => "mqtts",
            Self::WebSocket => "ws",
            Self::Coap => "coap",
            Self::Http => "http",
        }
    }

    /// Whether it says of a message that it may have been sent before.
    #[inline]
    pub const fn marks_resent(self) -> bool {
        match self {
            Self::Mqtt | Self::MqttTls | Self::WebSocket => true,
            Self::Coap | Self::Http => false,
        }
    }
}

/// Who sent a message, how it came, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    pub credential: CredentialId,
    pub assurance: Assurance,
    /// The gateway that published for the device.
    pub gateway: Option<DeviceId>,
    pub transport: Transport,
    pub received: Timestamp,
    /// The sender said that it sent this before (MQTT's DUP).
    pub resent: Resent,
    /// CoAP's signed header: a number that grows with each boot.
    pub boot_epoch: Option<u64>,
    /// CoAP's signed header: the message's number within the boot.
    pub boot_sequence: Option<u64>,
}

/// Whether the sender marked a message as sent before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Resent {
    No,
    Maybe,
}

/// One accepted message: what was read of it, and its bytes.
#[derive(Clone, Debug)]
pub struct ObservationBatch<'a> {
    pub origin: Origin,
    /// A payload that cannot be read at all becomes a frame too.
    pub telemetry: Result<Telemetry<'a>, PayloadError>,
    /// As received. Kept in the frame where it was signed or rejected.
    pub original: &'a [u8],
}
