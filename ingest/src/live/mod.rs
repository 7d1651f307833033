//! Applied frames for those who follow: a ring of the newest ones in memory,
//! and the log for whoever needs older ones.
//!
//! Constraints: the ring holds consecutive offsets and is bounded by count and
//! bytes; it is filled only while somebody follows. A follower holds nothing
//! but its position, so one that is slow costs no memory and slows nobody: it
//! reads the log until it is back at the ring, and is told of a gap where the
//! log has given the frames away.

mod ring;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::payload::PayloadError;
use domain::{Assurance, CredentialId, DeviceId, Offset, Rejection, Timestamp, Transport};
use frame_log::{FrameDevice, FrameObservation, TelemetryFrame, Verdict};
use observation_store::StoredObservation;

pub(crate) use ring::Live;
pub use stream::{FrameStream, StreamError};

/// Where a stream begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamStart {
    /// With what is applied from now on.
    Live,
    /// With the frame after this offset.
    After(Offset),
}

/// What a stream yields.
#[derive(Clone, PartialEq, Debug)]
pub enum StreamItem {
    Frame(Arc<AppliedFrame>),
    /// The frames from `from` to `to`, both inclusive, are gone from the log.
    Gap {
        from: Offset,
        to: Offset,
    },
}

/// One accepted message, after it was applied.
#[derive(Clone, PartialEq, Debug)]
pub struct AppliedFrame {
    pub offset: Offset,
    pub received: Timestamp,
    pub device: DeviceId,
    /// The gateway that published for the device.
    pub gateway: Option<DeviceId>,
    pub credential: CredentialId,
    pub assurance: Assurance,
    pub transport: Transport,
    /// New and revised ones; no duplicates.
    pub observations: Vec<StoredObservation>,
    pub rejections: Vec<Rejection>,
    pub unreadable: Option<PayloadError>,
}

impl AppliedFrame {
    pub(crate) fn of(frame: &TelemetryFrame<impl FrameDevice>) -> Self {
        Self {
            offset: frame.offset,
            received: frame.received,
            device: frame.device.id(),
            gateway: frame.gateway.as_ref().map(FrameDevice::id),
            credential: frame.credential,
            assurance: frame.assurance,
            transport: frame.transport,
            observations: frame
                .observations
                .iter()
                .filter(|observation| observation.verdict != Verdict::Duplicate)
                .map(|observation| stored(frame, observation))
                .collect(),
            rejections: frame.rejections.clone(),
            unreadable: frame.unreadable,
        }
    }

    /// About what it takes in memory, in bytes.
    fn weight(&self) -> usize {
        // Texts, at most 256 bytes each, are taken as short.
        size_of::<Self>()
            + self.observations.len() * size_of::<StoredObservation>()
            + self.rejections.len() * (size_of::<Rejection>() + 64)
    }
}

fn stored<D>(frame: &TelemetryFrame<D>, observation: &FrameObservation) -> StoredObservation {
    StoredObservation {
        datastream: observation.datastream,
        time: observation.time,
        received: frame.received,
        value: observation.value.clone(),
        quality: observation.quality,
        flags: observation.flags,
        revision: match observation.verdict {
            Verdict::Revision(number) => number,
            // A late one is shown as first: only a query knows better.
            Verdict::First | Verdict::Late | Verdict::Duplicate => 0,
        },
        offset: frame.offset,
        index: observation.index,
        location: observation.location,
    }
}
