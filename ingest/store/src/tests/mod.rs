//! The store with what stands around it, fed with frames as the log feeds it.

mod agree;
mod compaction;
mod crashes;
mod damage;
mod faults;
mod format;
mod model;
mod observations;
mod parts;
mod queries;
mod times;

use std::path::{Path, PathBuf};

use domain::{
    Assurance, CredentialId, DatastreamId, DeviceId, Flags, Offset, Quality, Timestamp, Transport,
    Value,
};
use frame_log::{FrameObservation, TelemetryFrame, Verdict};

use crate::observation::StoredObservation;
use crate::query::RangeQuery;
use crate::tables::latest::Latest;
use crate::tables::quarantine::Quarantine;
use crate::{Group, Pace, Store, StoreOpenError, StoreStats, Upkeep};

/// Of the odd datastreams.
pub(super) const RETENTION_DAYS: u32 = 10;

/// An opened store; dropping it is a crash, since nothing is flushed.
pub(super) struct Opened {
    pub(super) store: Store,
    pub(super) latest: Latest,
    pub(super) quarantine: Quarantine,
}

impl Opened {
    pub(super) fn at(folder: &Path, flush_rows: usize) -> Self {
        Self::with(folder, flush_rows, upkeep())
    }

    pub(super) fn with(folder: &Path, flush_rows: usize, upkeep: Upkeep) -> Self {
        Self::try_with(folder, flush_rows, upkeep).unwrap()
    }

    pub(super) fn try_at(folder: &Path, flush_rows: usize) -> Result<Self, StoreOpenError> {
        Self::try_with(folder, flush_rows, upkeep())
    }

    pub(super) fn try_with(
        folder: &Path,
        flush_rows: usize,
        upkeep: Upkeep,
    ) -> Result<Self, StoreOpenError> {
        let latest = Latest::default();
        let store = Store::open(folder, flush_rows, latest.clone(), upkeep)?;
        let quarantine = Quarantine::new(10);
        store.keep_quarantine(&quarantine);
        Ok(Self {
            store,
            latest,
            quarantine,
        })
    }

    /// Takes a frame in as the applier does, unless the files hold it.
    pub(super) fn apply(&mut self, frame: &TelemetryFrame) {
        if frame.offset > self.store.flushed_offset() {
            self.latest.apply(std::iter::once(frame));
            self.quarantine.apply(frame);
            self.store.append(std::iter::once(frame));
        }
    }

    pub(super) fn all(&self, datastream: u32) -> Vec<StoredObservation> {
        self.store
            .range(&everything(datastream))
            .unwrap()
            .observations
    }

    pub(super) fn stats(&self) -> StoreStats {
        self.store.stats()
    }
}

/// Even datastreams belong to one agency, odd ones to another, which keeps its
/// data for ten days; the clock stands at the first hour of 1970. Nobody
/// compacts who is not asked to.
pub(super) fn upkeep() -> Upkeep {
    Upkeep {
        group_of: Box::new(|datastream| {
            let agency = if datastream.get().is_multiple_of(2) {
                "even"
            } else {
                "odd"
            };
            Some(Group {
                agency: agency.into(),
                model: "test".into(),
            })
        }),
        retention_days: Box::new(|group| (group.agency == "odd").then_some(RETENTION_DAYS)),
        now: Box::new(|| Timestamp::from_micros(3_600_000_000)),
        mark: domain::FolderMark::ANY,
        pace: Pace::Asked,
        scope: supervisor::Scope::default(),
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.store.stop();
    }
}

pub(super) fn everything(datastream: u32) -> RangeQuery {
    RangeQuery::new(
        DatastreamId::new(datastream),
        Timestamp::MIN,
        Timestamp::MAX,
    )
}

/// A frame received at its offset in seconds.
pub(super) fn frame(offset: u64, observations: Vec<FrameObservation>) -> TelemetryFrame {
    TelemetryFrame {
        offset: Offset::new(offset),
        received: received(offset),
        device: DeviceId::new("dev-1").unwrap(),
        credential: CredentialId::new(1),
        assurance: Assurance::Key,
        gateway: None,
        transport: Transport::Mqtt,
        model_version: 1,
        boot_epoch: None,
        boot_sequence: None,
        sequence: None,
        payload_hash: None,
        observations: observations.into_iter().collect(),
        rejections: Vec::new(),
        unreadable: None,
        original: None,
    }
}

pub(super) fn received(offset: u64) -> Timestamp {
    Timestamp::from_micros(offset as i64 * 1_000_000)
}

pub(super) fn observation(
    datastream: u32,
    time: i64,
    value: Option<Value>,
    verdict: Verdict,
) -> FrameObservation {
    FrameObservation {
        index: 0,
        datastream: DatastreamId::new(datastream),
        time: Timestamp::from_micros(time),
        quality: if value.is_none() {
            Quality::Missing
        } else {
            Quality::Good
        },
        value,
        flags: Flags::NONE,
        verdict,
        location: None,
    }
}

pub(super) fn number(datastream: u32, time: i64, value: f64) -> FrameObservation {
    observation(datastream, time, Some(Value::Number(value)), Verdict::First)
}

/// Names of the files in a folder that end in `end`, sorted.
pub(super) fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(end))
        .collect();
    found.sort();
    found
}
