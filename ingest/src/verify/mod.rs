//! What is wrong with store and log of a data folder: every CRC and every
//! count, without changing a byte.
//!
//! Constraints: reads only; bounded memory (a page of rows, a segment of the
//! log, and some words for each datastream); one finding for each fault, with
//! its cure, however many rows it touches.

mod log;

use std::path::Path;
use std::time::{Duration, Instant};

use device_registry::Snapshot;
use domain::{FolderMark, Offset};
use observation_store::{RowCounts, verify_store};

use crate::open::{LOG_FOLDER, STORE_FOLDER};

pub use observation_store::Finding;
pub(crate) use observation_store::{LOOK_AT_DISK, REMADE, UPDATE};

/// Cures.
pub(crate) const RESTORE_MEMORY: &str = "put it back, as from a backup: the platform does not start without it; madang doctor --repair --accept-loss makes an empty one";
pub(crate) const RESTORE_LOG: &str =
    "restore a backup: the platform does not start on a log with a hole";

/// How much of a folder is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Nobody has it open.
    Whole,
    /// A platform writes to it: only the store's files, which never change.
    Store,
}

/// What was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified {
    pub files: u64,
    /// In files.
    pub rows: u64,
    pub segments: u64,
    pub frames: u64,
    /// Of files and log together.
    pub bytes: u64,
    /// The last frame of the log or, where that was not read, of the store.
    pub offset: Offset,
    pub took: Duration,
}

/// Looks through the folder `data`, and tells each finding as it is made.
/// `registry` is what rows must be known to, where it could be read, and `mark`
/// what store and log must tell of their folder.
pub fn verify(
    data: &Path,
    registry: Option<&Snapshot>,
    mark: FolderMark,
    scope: Scope,
    tell: &mut dyn FnMut(Finding),
) -> Verified {
    let begun = Instant::now();
    let mut series = RowCounts::default();
    let store = verify_store(&data.join(STORE_FOLDER), mark, &mut series, tell);
    let mut verified = Verified {
        files: store.files,
        rows: store.rows,
        bytes: store.bytes,
        offset: store.flushed.unwrap_or(Offset::ZERO),
        segments: 0,
        frames: 0,
        took: Duration::ZERO,
    };
    if scope == Scope::Whole {
        let folder = data.join(LOG_FOLDER);
        let log = log::verify(&folder, mark, store.flushed, &mut series, tell);
        verified.segments = log.segments;
        verified.frames = log.frames;
        verified.bytes += log.bytes;
        verified.offset = verified.offset.max(log.last.unwrap_or(Offset::ZERO));
    }
    if let Some(registry) = registry {
        tell_unknown(data, &series, registry, tell);
    }
    verified.took = begun.elapsed();
    verified
}

fn tell_unknown(
    data: &Path,
    series: &RowCounts,
    registry: &Snapshot,
    tell: &mut dyn FnMut(Finding),
) {
    let unknown = |datastream| registry.datastream(datastream).is_none();
    let mut missing: Vec<_> = series.iter().filter(|(it, _)| unknown(*it)).collect();
    missing.sort_unstable();
    if let Some((first, _)) = missing.first() {
        let rows: u64 = missing.iter().map(|(_, rows)| rows).sum();
        let what = format!(
            "{} datastreams of {rows} rows are not known to it, as datastream {first}",
            missing.len()
        );
        let cure = "registry and store are of different times: restore both from one backup";
        tell(Finding::new(
            data.join(device_registry::REGISTRY_FILE),
            what,
            cure,
        ));
    }
}
