//! A copy of what is open.

use std::sync::Arc;

use domain::Offset;
use frame_log::{FORMAT_FILE, Segment};

use super::folder::CopyFolder;
use super::log::{Frames, copy_log};
use super::store::copy_store;
use super::{BackupError, DataBackup, DataBytes, MAX_BACKLOG_BYTES};
use crate::Ingest;
use crate::open::LOG_FOLDER;
use crate::sequence::memory_file;

impl Ingest {
    /// How much a backup would take now, with what kept sessions from `oldest`
    /// on may want of the log.
    pub fn backup_bytes(&self, oldest: Option<Offset>) -> DataBytes {
        let stored = self.inner.read.store().flushed_offset();
        let segments = self.segments(stored, oldest);
        DataBytes {
            linked: self.inner.read.store().file_bytes(),
            copied: segments.iter().map(|segment| segment.bytes).sum(),
        }
    }

    /// Copies store and log into `into`, consistent with an offset that was
    /// durable while it ran, and with the log from `oldest` on as far as
    /// [`MAX_BACKLOG_BYTES`] reach. Blocks for as long as the copying takes;
    /// ingest and queries go on.
    pub fn backup(
        &self,
        into: &mut CopyFolder,
        oldest: Option<Offset>,
    ) -> Result<DataBackup, BackupError> {
        let log = &self.inner.log;
        let store = self.inner.read.store();
        // From here on the log keeps what this store, or a later one, lacks.
        let kept_from = store.flushed_offset();
        let first = self
            .segments(kept_from, oldest)
            .first()
            .map_or(kept_from.next(), |segment| segment.first());
        let _kept = log.keep(first).ok_or(BackupError::Busy)?;
        let id = self.inner.mark.id();
        let mut pinned = store.pin().map_err(BackupError::Pin)?;
        let (memory, judged) = log.with_order(|sequencer, last| (sequencer.memory(last, id), last));
        log.sync_all().map_err(BackupError::Stopped)?;
        // Nobody is told an offset before it is durable: all that was
        // acknowledged until now is up to it.
        let last = log.durable_offset();
        debug_assert!(last >= judged, "a sync makes all durable that was staged");
        let segments = log.segments(first);
        let rows = pinned.rows();
        let damaged = copy_store(&mut pinned, into)?;
        let frames = Frames {
            segments: segments
                .iter()
                .map(|segment| (segment.first(), segment.path.clone()))
                .collect(),
            flushed: pinned.flushed_offset(),
            last,
            is_last_known: true,
        };
        let copied = copy_log(&frames, into)?;
        into.write(&format!("{LOG_FOLDER}/{}", memory_file::FILE), &memory)?;
        if let Some(newest) = segments.last() {
            let format = newest.path.with_file_name(FORMAT_FILE);
            into.copy(&format, &format!("{LOG_FOLDER}/{FORMAT_FILE}"))?;
        }
        Ok(DataBackup {
            offset: copied.offset,
            rows: rows + copied.rows,
            damaged,
        })
    }

    /// Those with what the store lacks, and before them as many as sessions
    /// may want and the limit allows.
    fn segments(&self, stored: Offset, oldest: Option<Offset>) -> Vec<Arc<Segment>> {
        let first = oldest.map_or(stored.next(), |oldest| oldest.min(stored.next()));
        let mut segments = self.inner.log.segments(first);
        let mut bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
        let may_go = |segments: &[Arc<Segment>]| {
            segments
                .get(1)
                .is_some_and(|next| next.first() <= stored.next())
        };
        while bytes > MAX_BACKLOG_BYTES && may_go(&segments) {
            bytes -= segments.remove(0).bytes;
        }
        segments
    }
}
