//! The limits of the CoAP server. Each has a name, a unit and a reason.

use std::time::Duration;

use supervisor::Scope;

#[derive(Clone, Debug)]
pub struct Config {
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
    /// Messages a second of one source (or, where it has proved itself for a
    /// device, of the two) that do not verify; beyond it the next ones are
    /// answered 4.29 without a look at the signature.
    pub failed_rate: f64,
    /// Those at once: a fleet behind one address with one wrong key among it.
    pub failed_burst: u32,
    /// Those a second in the name of one device, whatever address they come
    /// from; beyond it strangers in that name get what half of all have left.
    pub failed_rate_of_device: f64,
    pub failed_burst_of_device: u32,
    /// Those of all strangers: 1,000 are 60 to 100 ms of a core.
    pub failed_rate_of_all: f64,
    pub failed_burst_of_all: u32,
    /// Sources and devices they proved to be that are remembered: what keeps a
    /// device served while others forge its name.
    pub proved_pairs: usize,
    /// Datagrams of its source's bucket that one which is not checked costs:
    /// whoever goes on is passed over before anything is decoded.
    pub unchecked_cost: u32,
    /// How often the operator is told that a source is not checked.
    pub told_every: Duration,
    /// Messages a second whose signature is tried again without external_aad,
    /// to tell the operator of that mistake.
    pub diagnosis_rate: f64,
    /// Messages that wait for durability; past it a request is answered 5.03.
    pub uncommitted_messages: usize,
    /// Those of one source, and of one device.
    pub uncommitted_messages_per_source: usize,
    pub uncommitted_messages_per_device: usize,
    /// From a request to its empty ACK. Beyond 2 s clients send again first
    /// (RFC 7252, ACK_TIMEOUT).
    pub piggyback_window: Duration,
    /// Answers that are kept for a repeated request; the oldest gives way.
    pub remembered_answers: usize,
    /// Those of one source; beyond it the newest are not kept.
    pub remembered_answers_per_source: usize,
    /// RememberedReceipts that are kept for a signed message that comes in a new request.
    pub remembered_receipts: usize,
    /// Those of one device; its own oldest gives way.
    pub remembered_receipts_per_device: usize,
    /// Block1 transfers under way, all sources together.
    pub open_transfers: usize,
    /// Those of one source.
    pub open_transfers_per_source: usize,
    /// Those of one endpoint (address and port), kept apart by path and
    /// Request-Tag; its own idlest gives way.
    pub open_transfers_per_endpoint: usize,
    /// Bytes of all their bodies.
    pub transfer_bytes: usize,
    /// Those of one source.
    pub transfer_bytes_per_source: usize,
    /// A transfer without a block for this long is forgotten.
    pub transfer_idle: Duration,
    /// Answers of their own (not on an ACK) that wait for theirs.
    pub separate_answers: usize,
    /// Those of one source; beyond it they are sent once only.
    pub separate_answers_per_source: usize,
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

impl Default for Config {
    fn default() -> Self {
        Self {
            receive_buffer_bytes: 4 << 20,
            source_rate: 2_000,
            source_burst: 4_000,
            tracked_sources: 65_536,
            device_rate: 100,
            device_burst: 1_000,
            tracked_devices: 65_536,
            failed_rate: 4.0,
            failed_burst: 16,
            failed_rate_of_device: 200.0,
            failed_burst_of_device: 2_000,
            failed_rate_of_all: 1_000.0,
            failed_burst_of_all: 4_000,
            proved_pairs: 65_536,
            unchecked_cost: 10,
            told_every: Duration::from_secs(60),
            diagnosis_rate: 5.0,
            uncommitted_messages: 4_096,
            uncommitted_messages_per_source: 2_048,
            uncommitted_messages_per_device: 512,
            piggyback_window: Duration::from_millis(1_500),
            remembered_answers: 65_536,
            remembered_answers_per_source: 16_384,
            remembered_receipts: 16_384,
            remembered_receipts_per_device: 1_024,
            open_transfers: 1_024,
            open_transfers_per_source: 64,
            open_transfers_per_endpoint: 4,
            transfer_bytes: 16 << 20,
            transfer_bytes_per_source: 2 << 20,
            transfer_idle: Duration::from_secs(60),
            separate_answers: 4_096,
            separate_answers_per_source: 512,
            ack_timeout: Duration::from_secs(2),
            max_retransmit: 4,
            drain: Duration::from_secs(5),
            scope: Scope::default(),
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{field} must be at least 1")]
    Zero { field: &'static str },
}

impl Config {
    pub fn validate(&self) -> Result<(), ConfigError> {
        for (field, value) in [
            ("receive_buffer_bytes", self.receive_buffer_bytes),
            ("source_rate", self.source_rate as usize),
            ("source_burst", self.source_burst as usize),
            ("tracked_sources", self.tracked_sources),
            ("device_rate", self.device_rate as usize),
            ("device_burst", self.device_burst as usize),
            ("tracked_devices", self.tracked_devices),
            ("failed_burst", self.failed_burst as usize),
            (
                "failed_burst_of_device",
                self.failed_burst_of_device as usize,
            ),
            ("failed_burst_of_all", self.failed_burst_of_all as usize),
            ("proved_pairs", self.proved_pairs),
            ("told_every", self.told_every.as_millis() as usize),
            ("uncommitted_messages", self.uncommitted_messages),
            (
                "uncommitted_messages_per_source",
                self.uncommitted_messages_per_source,
            ),
            (
                "uncommitted_messages_per_device",
                self.uncommitted_messages_per_device,
            ),
            ("remembered_answers", self.remembered_answers),
            (
                "remembered_answers_per_source",
                self.remembered_answers_per_source,
            ),
            ("remembered_receipts", self.remembered_receipts),
            (
                "remembered_receipts_per_device",
                self.remembered_receipts_per_device,
            ),
            ("open_transfers", self.open_transfers),
            ("open_transfers_per_source", self.open_transfers_per_source),
            (
                "open_transfers_per_endpoint",
                self.open_transfers_per_endpoint,
            ),
            ("transfer_bytes", self.transfer_bytes),
            ("transfer_bytes_per_source", self.transfer_bytes_per_source),
            ("separate_answers", self.separate_answers),
            (
                "separate_answers_per_source",
                self.separate_answers_per_source,
            ),
        ] {
            if value == 0 {
                return Err(ConfigError::Zero { field });
            }
        }
        Ok(())
    }
}
