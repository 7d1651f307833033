//! A device that signs what it sends.

use domain::payload::ContentFormat;
use domain::{DeviceId, Timestamp};
use sdk::DeviceKey;
use sdk::coap::SignedTelemetry;

use super::PAYLOAD;

#[derive(Clone)]
pub(crate) struct TestDevice {
    pub(crate) id: DeviceId,
    pub(crate) key: DeviceKey,
}

impl TestDevice {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: DeviceId::new(id).unwrap(),
            key: DeviceKey::generate().unwrap(),
        }
    }

    /// A signed body, named by its sequence.
    pub(crate) fn body(&self, sequence: u64) -> Vec<u8> {
        self.signed(sequence, PAYLOAD)
    }

    pub(crate) fn signed(&self, sequence: u64, payload: &[u8]) -> Vec<u8> {
        SignedTelemetry {
            device: &self.id,
            boot_epoch: 3,
            sequence,
            time: Timestamp::from_micros(1_700_000_000_000_000),
            format: ContentFormat::SenmlJson,
            payload,
        }
        .sign(&self.key)
        .unwrap()
    }
}
