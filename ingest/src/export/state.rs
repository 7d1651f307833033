//! What a kept file was made from, beside the file.
//!
//! Two lines: `madang-export VERSION CRC`, CRC-32C of the second line in
//! hexadecimal, then one JSON object. Version 1; whatever is of another version
//! or damaged is as good as absent, since the file can be made again.

use domain::{Offset, Timestamp};
use observation_store::Footprint;
use serde::{Deserialize, Serialize};

use super::sink::{Checksum, Sums};

const TITLE: &str = "madang-export";
const VERSION: u32 = 1;

/// Of one kept file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) bytes: u64,
    /// Lines of the table.
    pub(super) rows: u64,
    pub(super) sha256: Checksum,
    pub(super) sha256_with_bom: Option<Checksum>,
    /// Microseconds since 1970.
    made: i64,
    /// The footprint in the store.
    up_to: u64,
    rows_in_files: u32,
    /// Of what the registry puts into it.
    pub(super) registry: Checksum,
}

impl State {
    pub(super) fn new(
        sums: &Sums,
        rows: u64,
        made: Timestamp,
        footprint: Footprint,
        registry: Checksum,
    ) -> Self {
        Self {
            bytes: sums.bytes,
            rows,
            sha256: sums.sha256,
            sha256_with_bom: sums.sha256_with_bom,
            made: made.as_micros(),
            up_to: footprint.up_to.get(),
            rows_in_files: footprint.rows,
            registry,
        }
    }

    pub(super) fn made(&self) -> Timestamp {
        Timestamp::from_micros(self.made)
    }

    pub(super) fn footprint(&self) -> Footprint {
        Footprint {
            up_to: Offset::new(self.up_to),
            rows: self.rows_in_files,
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let body = serde_json::to_string(self).unwrap_or_default();
        let crc = crc32c::crc32c(body.as_bytes());
        format!("{TITLE} {VERSION} {crc:08x}\n{body}\n").into_bytes()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (title, body) = text.strip_suffix('\n')?.split_once('\n')?;
        let crc = crc32c::crc32c(body.as_bytes());
        (title == format!("{TITLE} {VERSION} {crc:08x}"))
            .then(|| serde_json::from_str(body).ok())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written_and_never_damaged() {
        let state = State {
            bytes: 7,
            rows: 2,
            sha256: Checksum([9; 32]),
            sha256_with_bom: None,
            made: -5,
            up_to: 12,
            rows_in_files: 0xdead_beef,
            registry: Checksum([255; 32]),
        };
        let sound = state.to_bytes();
        assert_eq!(State::from_bytes(&sound), Some(state));
        for at in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[at] ^= 1;
            assert_eq!(State::from_bytes(&damaged), None, "byte {at}");
            assert_eq!(State::from_bytes(&sound[..at]), None, "{at} bytes");
        }
    }
}
