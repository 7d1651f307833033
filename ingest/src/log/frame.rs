//! One frame: one accepted message, as both recovery and the applier see it.
//!
//! Constraints: a frame is self-contained (recovery never asks the registry),
//! and is at most [`MAX_FRAME_BYTES`], so that one group of the log holds it.
//! The bytes are described in [`super::encode`].

use bytes::Bytes;
use domain::payload::PayloadError;
use domain::{
    Assurance, CredentialId, DatastreamId, DeviceId, Flags, Location, Offset, Quality, Rejection,
    Timestamp, Transport, Value,
};
use smallvec::SmallVec;

/// The longest frame, in bytes. A message of 64 KiB with 1,000 observations
/// makes less than 150 KiB: 64 KiB of texts, 64 KiB of original bytes, and 60
/// bytes or fewer of fixed fields an observation, or 68 a rejection.
pub(crate) const MAX_FRAME_BYTES: usize = 384 * 1024;

/// One accepted message with everything that was decided about it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Frame {
    pub(crate) offset: Offset,
    pub(crate) received: Timestamp,
    pub(crate) device: DeviceId,
    pub(crate) credential: CredentialId,
    pub(crate) assurance: Assurance,
    pub(crate) gateway: Option<DeviceId>,
    pub(crate) transport: Transport,
    pub(crate) model_version: u32,
    pub(crate) boot_epoch: Option<u64>,
    pub(crate) boot_sequence: Option<u64>,
    /// The device's own count of its messages.
    pub(crate) sequence: Option<u64>,
    /// Of a payload without a time of its own: what a repeated one is known by.
    pub(crate) payload_hash: Option<u64>,
    pub(crate) observations: SmallVec<[FrameObservation; 2]>,
    pub(crate) rejections: Vec<Rejection>,
    pub(crate) unreadable: Option<PayloadError>,
    /// The bytes as received, of a message that was signed or rejected.
    pub(crate) original: Option<Bytes>,
}

/// One observation with its verdict.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct FrameObservation {
    /// Its place in the payload.
    pub(crate) index: u16,
    pub(crate) datastream: DatastreamId,
    pub(crate) time: Timestamp,
    /// `None`: missing.
    pub(crate) value: Option<Value>,
    pub(crate) quality: Quality,
    pub(crate) flags: Flags,
    pub(crate) verdict: Verdict,
    pub(crate) location: Option<Location>,
}

/// What an observation is beside those of the same datastream and time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// Nothing has been known for this time.
    First,
    /// Another value for a time that had one: 1 is the first correction.
    Revision(u16),
    /// The same value again: not stored.
    Duplicate,
    /// The time lies behind what the sequencer remembers: queries and
    /// compaction decide.
    Late,
}
