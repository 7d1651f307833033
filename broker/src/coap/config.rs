//! The limits of the CoAP server. Each has a name, a unit and a reason.

use std::time::Duration;

use supervisor::Scope;

#[derive(Clone, Debug)]
pub struct CoapConfig {
    /// Asked of the kernel for datagrams that wait, in bytes. The default of
    /// Linux held 256 tiny ones.
    pub receive_buffer_bytes: usize,
    /// Datagrams a second from one source (an IPv4 address, an IPv6 /64),
    /// before anything is decoded.
    pub source_rate: u32,
    /// Datagrams that a source may send at once.
    pub source_burst: u32,
    /// Sources with a bucket of their own; further ones share one.
    pub tracked_sources: usize,
    /// Verified messages a second of one device.
    pub device_rate: u32,
    /// Verified messages that a device may send at once: what it stored while
    /// it had no network.
    pub device_burst: u32,
    /// Devices with a bucket of their own; further ones share one.
    pub tracked_devices: usize,
    /// Messages that wait for durability; past it a request is answered 5.03.
    pub uncommitted_messages: usize,
    /// From a request to its empty ACK. Beyond 2 s clients send again first
    /// (RFC 7252, ACK_TIMEOUT).
    pub piggyback_window: Duration,
    /// Answers that are kept for a repeated request; the oldest gives way.
    pub remembered_answers: usize,
    /// Receipts that are kept for a signed message that comes in a new request.
    pub remembered_receipts: usize,
    /// Block1 transfers under way, all sources together.
    pub open_transfers: usize,
    /// Those of one source.
    pub open_transfers_per_source: usize,
    /// Bytes of all their bodies.
    pub transfer_bytes: usize,
    /// A transfer without a block for this long is forgotten.
    pub transfer_idle: Duration,
    /// Answers of their own (not on an ACK) that wait for theirs.
    pub separate_answers: usize,
    /// The wait before such an answer is sent again; doubles each time, and
    /// is stretched at random by up to half (RFC 7252, ACK_TIMEOUT).
    pub ack_timeout: Duration,
    /// How often it is sent again (RFC 7252, MAX_RETRANSMIT).
    pub max_retransmit: u8,
    /// From the shutdown signal to the last answer.
    pub drain: Duration,
    /// Who watches the threads; nobody by default.
    pub scope: Scope,
}

impl Default for CoapConfig {
    fn default() -> Self {
        Self {
            receive_buffer_bytes: 4 << 20,
            source_rate: 2_000,
            source_burst: 4_000,
            tracked_sources: 65_536,
            device_rate: 100,
            device_burst: 1_000,
            tracked_devices: 65_536,
            uncommitted_messages: 4_096,
            piggyback_window: Duration::from_millis(1_500),
            remembered_answers: 65_536,
            remembered_receipts: 16_384,
            open_transfers: 1_024,
            open_transfers_per_source: 64,
            transfer_bytes: 16 << 20,
            transfer_idle: Duration::from_secs(60),
            separate_answers: 4_096,
            ack_timeout: Duration::from_secs(2),
            max_retransmit: 4,
            drain: Duration::from_secs(5),
            scope: Scope::default(),
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CoapConfigError {
    #[error("{field} must be at least 1")]
    Zero { field: &'static str },
}

impl CoapConfig {
    pub fn validate(&self) -> Result<(), CoapConfigError> {
        for (field, value) in [
            ("receive_buffer_bytes", self.receive_buffer_bytes),
            ("source_rate", self.source_rate as usize),
            ("source_burst", self.source_burst as usize),
            ("tracked_sources", self.tracked_sources),
            ("device_rate", self.device_rate as usize),
            ("device_burst", self.device_burst as usize),
            ("tracked_devices", self.tracked_devices),
            ("uncommitted_messages", self.uncommitted_messages),
            ("remembered_answers", self.remembered_answers),
            ("remembered_receipts", self.remembered_receipts),
            ("open_transfers", self.open_transfers),
            ("open_transfers_per_source", self.open_transfers_per_source),
            ("transfer_bytes", self.transfer_bytes),
            ("separate_answers", self.separate_answers),
        ] {
            if value == 0 {
                return Err(CoapConfigError::Zero { field });
            }
        }
        Ok(())
    }
}
