//! How quick a disk is.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use super::file::{Faults, LogFile};
use crate::open_error::LogOpenError;

/// Syncs that are timed. The shortest counts: other programs can only make one
/// longer, and it is the disk that is asked about.
const TIMED_SYNCS: usize = 9;
/// What is written before each of them.
const PROBE: [u8; 4096] = [0; 4096];

/// Times syncs of a small write into a file of `folder`.
pub(super) fn time_a_sync(folder: &Path) -> Result<Duration, LogOpenError> {
    shortest_in(folder).map_err(|cause| LogOpenError::Io {
        action: "time a sync in",
        path: folder.to_owned(),
        cause,
    })
}

fn shortest_in(folder: &Path) -> io::Result<Duration> {
    let path = folder.join("probe.tmp");
    fs::write(&path, PROBE)?;
    let file = LogFile::open(&path, &Faults::default())?;
    file.sync()?;
    let mut shortest = Duration::MAX;
    for _ in 0..TIMED_SYNCS {
        let start = Instant::now();
        file.write_at(&PROBE, 0)?;
        file.sync()?;
        shortest = shortest.min(start.elapsed());
    }
    fs::remove_file(&path)?;
    Ok(shortest)
}
