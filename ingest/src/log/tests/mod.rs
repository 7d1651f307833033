//! The log by its promises: what has a receipt is read back after whatever
//! happens; what has none may be gone; nothing else ever appears.

mod commit;
mod damage;
mod every_byte;
mod fixture;
mod frames;
mod model;
mod parts;
mod slow_disk;
mod space;

use std::path::Path;
use std::sync::Arc;

use domain::{
    Assurance, CredentialId, DatastreamId, DeviceId, Flags, Offset, Quality, Timestamp, Transport,
};

use super::*;
use crate::receipt::Outcome;

/// A segment of the tests: a handful of frames.
const SEGMENT_BYTES: u64 = 4_096;

fn config(policy: CommitPolicy, faults: &Faults) -> LogConfig {
    LogConfig {
        segment_bytes: SEGMENT_BYTES,
        policy,
        faults: faults.clone(),
        scope: supervisor::Scope::default(),
        mark: domain::FolderMark::ANY,
        least: Offset::ZERO,
    }
}

fn open(folder: &Path) -> Log {
    open_with(folder, CommitPolicy::Inline, &Faults::default())
}

fn open_with(folder: &Path, policy: CommitPolicy, faults: &Faults) -> Log {
    try_open(folder, policy, faults).unwrap()
}

fn try_open(folder: &Path, policy: CommitPolicy, faults: &Faults) -> Result<Log, LogOpenError> {
    let counters = Arc::new(Counters::default());
    // The store holds what the log has given back.
    let segments = segment_paths(folder).unwrap_or_default();
    let stored = segments.first().map_or(0, |(first, _)| first.get() - 1);
    let stored = Offset::new(stored);
    Log::open(folder, &config(policy, faults), stored, counters)
}

/// Stages a frame whose number is `number` and whose original bytes are
/// `padding` long.
fn stage(log: &Log, number: u64, padding: usize) -> Staged {
    try_stage(log, number, padding).unwrap()
}

fn try_stage(log: &Log, number: u64, padding: usize) -> Result<Staged, StagingError> {
    let device = DeviceId::new("dev-1").unwrap();
    let original = vec![number as u8; padding];
    let mut order = log.staging()?;
    let groups = &mut order.staging.groups;
    let mut frame = groups.begin(FrameHead {
        offset: groups.next(),
        received: Timestamp::from_micros(1),
        device: &device,
        credential: CredentialId::new(1),
        assurance: Assurance::Key,
        gateway: None,
        transport: Transport::Mqtt,
        model_version: 1,
        boot_epoch: None,
        boot_sequence: None,
        sequence: Some(number),
        payload_hash: None,
        unreadable: None,
        rejections: &[],
        original: (padding > 0).then_some(original.as_slice()),
        observations: 1,
    });
    frame.observation(&ObservationRef {
        index: 0,
        datastream: DatastreamId::new(1),
        time: Timestamp::from_micros(number as i64),
        value: ValueRef::Number(number as f64),
        quality: Quality::Good,
        flags: Flags::NONE,
        verdict: Verdict::First,
        location: None,
    });
    frame.finish();
    Ok(order.finished(Outcome::Accepted {
        stored: 1,
        duplicates: 0,
        rejected: 0,
    }))
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn commit(log: &Log, staged: Vec<Staged>) -> Result<Vec<crate::Receipt>, CommitError> {
    block_on(log.commit(staged))
}

/// The numbers of the frames in the log, from its first on.
fn numbers(log: &Log) -> Vec<u64> {
    log.frames(log.first_offset())
        .map(|frame| frame.unwrap().sequence.unwrap())
        .collect()
}
