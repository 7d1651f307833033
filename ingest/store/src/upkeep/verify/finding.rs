//! What is wrong with a file, and what helps.

use std::path::PathBuf;

use domain::DatastreamId;
use rustc_hash::FxHashMap;

/// Cures.
pub(crate) const RESTORE: &str =
    "restore a backup; or start the platform: it sets the file aside and serves the rest";
pub(crate) const RESTORE_FILE: &str =
    "put it back as it was, as from a backup: the platform does not start without it";
pub(crate) const REBUILD: &str =
    "stop the platform and let madang doctor --repair make it again from the files";
pub const REMADE: &str = "nothing is lost: start the platform, which makes it again";
pub const LOOK_AT_DISK: &str = "look at the disk and at the file's owner";
pub const UPDATE: &str = "use the newer madang that wrote it";

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

/// How many rows each datastream has, to be held against the registry.
#[derive(Default)]
pub struct RowCounts(FxHashMap<u32, u64>);

impl RowCounts {
    pub fn count(&mut self, datastream: DatastreamId) {
        *self.0.entry(datastream.get()).or_default() += 1;
    }

    pub fn iter(&self) -> impl Iterator<Item = (DatastreamId, u64)> {
        let counts = self.0.iter();
        counts.map(|(number, rows)| (DatastreamId::new(*number), *rows))
    }
}
