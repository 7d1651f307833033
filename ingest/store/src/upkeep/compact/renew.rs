//! Rollups that are told by the manifest and cannot be read are made again from
//! the rows of their files: those of an older version, damaged ones, lost ones.
//!
//! Nothing waits for it: until then rows are read in their place. The new one
//! takes the old one's name in one step, so that a crash leaves either.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{CompactError, JobError};
use crate::file::cursor::FileRows;
use crate::file::replace::replace;
use crate::file::rollup::{RollupBuilder, Rollups};
use crate::file::{DataFile, ReadError};
use crate::store::Shared;

/// Rows between two looks at whether the store closes.
const ROWS_A_TURN: usize = 65_536;

impl Shared {
    /// Makes all again that are missing; blocks.
    pub(crate) fn renew_rollups(&self) -> Result<(), CompactError> {
        loop {
            let _one_at_a_time = self.compactor.work.lock();
            let files = self.catalog.view().files;
            let Some(file) = files.iter().find(|file| lacks_rollup(file)) else {
                return Ok(());
            };
            match self.renew(file) {
                Ok(Some(rollups)) => {
                    tracing::info!(file = file.entry.number, "a rollup was made again");
                    // Nobody else sets it: this one holds the lock.
                    let _ = file.rollups.set(rollups);
                }
                Ok(None) => file.stays_without_rollup.store(true, Ordering::Relaxed),
                Err(JobError::Read(error @ ReadError::Damaged { number, .. })) => {
                    self.set_aside(number, error)
                        .map_err(|error| CompactError::Read(Arc::new(error)))?;
                }
                Err(error) => return Err(self.compact_error(error)),
            }
        }
    }

    fn renew(&self, file: &DataFile) -> Result<Option<Rollups>, JobError> {
        let mut rows = FileRows::all(file)?;
        let mut builder = RollupBuilder::default();
        let mut count = 0;
        while let Some(row) = rows.next()? {
            builder.add(&row);
            count += 1;
            if count % ROWS_A_TURN == 0 && self.compactor.stop.load(Ordering::Relaxed) {
                return Err(JobError::Stopped);
            }
        }
        let (folder, entry) = (self.catalog.folder(), &file.entry);
        let Some(bytes) = builder.finish(entry.crc) else {
            return Ok(None);
        };
        replace(folder, &entry.rollup_name(), &bytes)?;
        Ok(Rollups::open(&folder.join(entry.rollup_name()), entry.crc))
    }
}

fn lacks_rollup(file: &DataFile) -> bool {
    file.entry.rollup
        && file.rollups.get().is_none()
        && !file.stays_without_rollup.load(Ordering::Relaxed)
}
