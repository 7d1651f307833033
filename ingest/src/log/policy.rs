//! Who leads: decided once, when the log is opened.

use std::path::Path;
use std::time::{Duration, Instant};

use super::LogOpenError;
use super::file::{Faults, LogFile};
use crate::CommitPolicy;

/// A sync that takes longer gets a thread of its own.
const SLOW_SYNC: Duration = Duration::from_millis(1);
/// Syncs that are timed at open. The shortest counts: other programs can only
/// make one longer, and it is the disk that is asked about.
const TIMED_SYNCS: usize = 9;

/// Who leads, once it is decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Policy {
    Inline,
    Thread,
}

impl Policy {
    pub(super) fn decide(wish: CommitPolicy, folder: &Path) -> Result<Self, LogOpenError> {
        match wish {
            CommitPolicy::Inline => Ok(Self::Inline),
            CommitPolicy::Thread => Ok(Self::Thread),
            CommitPolicy::Measure => measure(folder),
        }
    }
}

/// Times syncs of a small write into a file of the log's folder.
fn measure(folder: &Path) -> Result<Policy, LogOpenError> {
    const PROBE: [u8; 4096] = [0; 4096];
    let path = folder.join("probe.tmp");
    let timed = || -> std::io::Result<Duration> {
        std::fs::write(&path, PROBE)?;
        let file = LogFile::open(&path, &Faults::default())?;
        file.sync()?;
        let mut shortest = Duration::MAX;
        for _ in 0..TIMED_SYNCS {
            let start = Instant::now();
            file.write_at(&PROBE, 0)?;
            file.sync()?;
            shortest = shortest.min(start.elapsed());
        }
        std::fs::remove_file(&path)?;
        Ok(shortest)
    };
    let shortest = timed().map_err(|cause| LogOpenError::Io {
        action: "time a sync in",
        path: folder.to_owned(),
        cause,
    })?;
    let policy = if shortest > SLOW_SYNC {
        Policy::Thread
    } else {
        Policy::Inline
    };
    tracing::info!(
        micros = shortest.as_micros() as u64,
        ?policy,
        "timed a sync of the log"
    );
    Ok(policy)
}
