//! What is wrong with store and log of a data folder: every CRC and every
//! count, without changing a byte.
//!
//! Constraints: reads only; bounded memory (a page of rows, a segment of the
//! log, and some words for each datastream); one finding for each fault, with
//! its cure, however many rows it touches.

mod log;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use device_registry::Snapshot;
use domain::{DatastreamId, FolderMark, Offset};
use rustc_hash::FxHashMap;

use crate::open::{LOG_FOLDER, STORE_FOLDER};
use crate::store::verify_store;

/// Cures.
pub(crate) const RESTORE: &str =
    "restore a backup; or start the platform: it sets the file aside and serves the rest";
pub(crate) const RESTORE_FILE: &str =
    "put it back as it was, as from a backup: the platform does not start without it";
pub(crate) const RESTORE_MEMORY: &str = "put it back, as from a backup: the platform does not start without it; madang doctor --repair --accept-loss makes an empty one";
pub(crate) const REBUILD: &str =
    "stop the platform and let madang doctor --repair make it again from the files";
pub(crate) const RESTORE_LOG: &str =
    "restore a backup: the platform does not start on a log with a hole";
pub(crate) const REMADE: &str = "nothing is lost: start the platform, which makes it again";
pub(crate) const LOOK_AT_DISK: &str = "look at the disk and at the file's owner";
pub(crate) const UPDATE: &str = "use the newer madang that wrote it";

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub path: PathBuf,
    pub what: String,
    pub cure: &'static str,
}

impl Finding {
    pub fn new(path: PathBuf, what: String, cure: &'static str) -> Self {
        Self { path, what, cure }
    }
}

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

/// How many rows each datastream has, to be held against the registry.
#[derive(Default)]
pub(crate) struct Series(FxHashMap<u32, u64>);

impl Series {
    pub(crate) fn count(&mut self, datastream: DatastreamId) {
        *self.0.entry(datastream.get()).or_default() += 1;
    }
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
    let mut series = Series::default();
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

fn tell_unknown(data: &Path, series: &Series, registry: &Snapshot, tell: &mut dyn FnMut(Finding)) {
    let unknown = |number: u32| registry.datastream(DatastreamId::new(number)).is_none();
    let mut missing: Vec<_> = series
        .0
        .iter()
        .filter(|(number, _)| unknown(**number))
        .collect();
    missing.sort_unstable();
    if let Some((first, _)) = missing.first() {
        let rows: u64 = missing.iter().map(|(_, rows)| **rows).sum();
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
