//! The log by its promises: what has a receipt is read back after whatever
//! happens; what has none may be gone; nothing else ever appears.

mod commit;
mod damage;
mod every_byte;
mod fixture;
mod frames;
mod model;
mod parts;
mod slot;
mod slow_disk;
mod space;
mod waiting;

use std::path::Path;
use std::sync::Arc;

use domain::{
    Assurance, CredentialId, DatastreamId, DeviceId, Flags, Offset, Quality, Timestamp, Transport,
};

use super::medium::disk::file::Faults;
use super::*;

/// Nothing is judged here: frames are only put into order.
type Log<M = Disk> = super::Log<(), M>;

/// A segment of the tests: a handful of frames.
const SEGMENT_BYTES: u64 = 4_096;

fn disk(folder: &Path, faults: &Faults) -> DiskConfig {
    DiskConfig {
        faults: faults.clone(),
        ..DiskConfig::new(folder, SEGMENT_BYTES)
    }
}

fn open(folder: &Path) -> Log {
    open_with(folder, CommitPolicy::Inline, &Faults::default())
}

fn open_with(folder: &Path, policy: CommitPolicy, faults: &Faults) -> Log {
    try_open(folder, policy, faults).unwrap()
}

fn try_open(folder: &Path, policy: CommitPolicy, faults: &Faults) -> Result<Log, LogOpenError> {
    // The store holds what the log has given back.
    let segments = segment_paths(folder).unwrap_or_default();
    let stored = segments.first().map_or(0, |(first, _)| first.get() - 1);
    open_on(&disk(folder, faults), policy, stored)
}

/// `stored` is the last offset that the store holds.
fn open_on<M: Medium>(
    config: &M::Config,
    policy: CommitPolicy,
    stored: u64,
) -> Result<Log<M>, LogOpenError> {
    Log::open(config, policy, &Scope::default(), Offset::new(stored), ())
}

/// Stages a frame whose number is `number` and whose original bytes are
/// `padding` long.
fn stage<M: Medium>(log: &Log<M>, number: u64, padding: usize) -> Staged {
    try_stage(log, number, padding).unwrap()
}

fn try_stage<M: Medium>(log: &Log<M>, number: u64, padding: usize) -> Result<Staged, StagingError> {
    log.stage(|(), slot| Ok(fill(slot, number, padding)))
}

fn fill(slot: FrameSlot<'_>, number: u64, padding: usize) -> Staged {
    let original = vec![number as u8; padding];
    let device = DeviceId::new("dev-1").unwrap();
    let mut frame = slot.telemetry(head(&device, number, &original));
    frame.observation(&observation(number));
    frame.finish(Outcome::Accepted {
        stored: 1,
        duplicates: 0,
        rejected: 0,
    })
}

fn head<'a>(device: &'a DeviceId, number: u64, original: &'a [u8]) -> TelemetryHead<'a> {
    TelemetryHead {
        received: Timestamp::from_micros(1),
        device,
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
        original: (!original.is_empty()).then_some(original),
        observations: 1,
    }
}

fn observation(number: u64) -> ObservationRef<'static> {
    ObservationRef {
        index: 0,
        datastream: DatastreamId::new(1),
        time: Timestamp::from_micros(number as i64),
        value: ValueRef::Number(number as f64),
        quality: Quality::Good,
        flags: Flags::NONE,
        verdict: Verdict::First,
        location: None,
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn commit<M: Medium>(log: &Log<M>, staged: Vec<Staged>) -> Result<Vec<Receipt>, CommitError> {
    block_on(log.commit(staged))
}

/// The numbers of the frames in the log, from its first on.
fn numbers<M: Medium>(log: &Log<M>) -> Vec<u64> {
    log.frames(log.first_offset())
        .map(|frame| number(&frame.unwrap()))
        .collect()
}

fn number(frame: &Frame) -> u64 {
    let Frame::Telemetry(frame) = frame;
    frame.sequence.unwrap()
}
