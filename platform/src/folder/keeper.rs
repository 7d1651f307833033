//! Keeps the record up to date while the platform runs.
//!
//! The registry's marks are written after each of its changes, before whoever
//! made it is answered: what was answered is never unknown to the record, and
//! no number is given twice. Those of log and sessions, which move with every
//! message, are written each minute and at the end.

use std::path::PathBuf;

use device_registry::RegistryMark;
use domain::Offset;
use parking_lot::Mutex;

use super::record::{self, Record};

/// The record of a folder whose parts are open.
pub(crate) struct Keeper {
    data: PathBuf,
    /// As it stands in the file.
    record: Mutex<Record>,
}

impl Keeper {
    /// Writes `record`.
    pub(super) fn new(data: PathBuf, record: Record) -> anyhow::Result<Self> {
        record::write(&data, &record)?;
        Ok(Self {
            data,
            record: Mutex::new(record),
        })
    }

    /// The registry has got so far, durably.
    pub(crate) fn registry(&self, mark: RegistryMark) {
        self.change(|record| record.marks.reach(mark));
    }

    /// Log and kept sessions have got so far, durably.
    pub(crate) fn note(&self, offset: Offset, sessions: u64) {
        self.change(|record| {
            record.marks.offset = record.marks.offset.max(offset.get());
            record.marks.sessions = record.marks.sessions.max(sessions);
        });
    }

    /// A mark that lags refuses nothing; it only knows an older copy
    /// later. So a fault here is logged, and ends nothing.
    fn change(&self, change: impl FnOnce(&mut Record)) {
        let mut record = self.record.lock();
        let mut next = record.clone();
        change(&mut next);
        if next == *record {
            return;
        }
        match record::write(&self.data, &next) {
            Ok(()) => *record = next,
            Err(error) => tracing::error!("{error:#}"),
        }
    }
}
