//! One frame: what has one offset of the log, as both recovery and the applier
//! see it. There are kinds of frames; an accepted message of telemetry is one.
//!
//! Constraints: a frame is self-contained (recovery never asks the registry),
//! and is at most [`MAX_FRAME_BYTES`], so that one group of the log holds it.
//! The bytes are described in [`mod@format`].

pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod format;

use bytes::Bytes;
use domain::payload::PayloadError;
use domain::{
    Assurance, CredentialId, DatastreamId, DeviceId, Flags, Location, Offset, Quality, Rejection,
    Timestamp, Transport, Value,
};
use smallvec::SmallVec;

pub(crate) use format::MAX_FRAME_BYTES;

/// What has one offset of the log, by kind. A kind that is not known is refused
/// when it is decoded: a newer version wrote it.
#[derive(Clone, PartialEq, Debug)]
pub enum Frame<D = DeviceId> {
    Telemetry(TelemetryFrame<D>),
}

impl<D> Frame<D> {
    pub fn offset(&self) -> Offset {
        match self {
            Self::Telemetry(frame) => frame.offset,
        }
    }
}

/// One accepted message of telemetry, with everything that was decided about it.
#[derive(Clone, PartialEq, Debug)]
pub struct TelemetryFrame<D = DeviceId> {
    pub offset: Offset,
    pub received: Timestamp,
    pub device: D,
    pub credential: CredentialId,
    pub assurance: Assurance,
    pub gateway: Option<D>,
    pub transport: Transport,
    pub model_version: u32,
    pub boot_epoch: Option<u64>,
    pub boot_sequence: Option<u64>,
    /// The device's own count of its messages.
    pub sequence: Option<u64>,
    /// Of a payload without a time of its own: what a repeated one is known by.
    pub payload_hash: Option<u64>,
    pub observations: SmallVec<[FrameObservation; 2]>,
    pub rejections: Vec<Rejection>,
    pub unreadable: Option<PayloadError>,
    /// The bytes as received, of a message that was signed or rejected.
    pub original: Option<Bytes>,
}

/// How a frame holds the ids of devices.
pub trait FrameDevice {
    fn id(&self) -> DeviceId;
}

impl FrameDevice for DeviceId {
    fn id(&self) -> DeviceId {
        self.clone()
    }
}

/// The id of a device in the bytes of a frame that this process wrote. Few
/// need it, and to find or make a [`DeviceId`] for each frame costs more than
/// the rest of the decoding.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WrittenDevice<'a>(pub(crate) &'a str);

impl FrameDevice for WrittenDevice<'_> {
    fn id(&self) -> DeviceId {
        DeviceId::new(self.0).expect("it was written from an id")
    }
}

/// One observation with its verdict.
#[derive(Clone, PartialEq, Debug)]
pub struct FrameObservation {
    /// Its place in the payload.
    pub index: u16,
    pub datastream: DatastreamId,
    pub time: Timestamp,
    /// `None`: missing.
    pub value: Option<Value>,
    pub quality: Quality,
    pub flags: Flags,
    pub verdict: Verdict,
    pub location: Option<Location>,
}

/// What an observation is beside those of the same datastream and time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing has been known for this time.
    First,
    /// Another value for a time that had one: 1 is the first correction.
    Revision(u16),
    /// The same value again: not stored.
    Duplicate,
    /// The time lies before what the sequencer remembers: queries and
    /// compaction decide.
    Late,
}
