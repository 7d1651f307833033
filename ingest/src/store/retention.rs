//! Retention: whole day files go, each with its rollup, once their day ended
//! before what is kept of their agency and model. Flushed files never do: they
//! become day files first. The latest table keeps its entries.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use domain::Timestamp;

use super::Shared;
use super::manifest::{DAY, FileEntry};
use super::upkeep::Group;
use crate::stats::Counters;

/// Why files whose time is over are still there.
#[derive(Debug, thiserror::Error)]
#[error("cannot drop old files of the store {}", folder.display())]
pub struct ExpireError {
    folder: PathBuf,
    #[source]
    cause: io::Error,
}

impl Shared {
    /// Drops what is over at `now`; how many files.
    pub(super) fn expire(&self, now: Timestamp) -> Result<usize, ExpireError> {
        let mut manifest = self.manifest.lock();
        let (over, kept): (Vec<_>, Vec<_>) = manifest
            .files
            .iter()
            .cloned()
            .partition(|entry| self.is_over(entry, now));
        if over.is_empty() {
            return Ok(0);
        }
        let mut next = manifest.clone();
        next.files = kept;
        next.write(&self.folder).map_err(|cause| ExpireError {
            folder: self.folder.clone(),
            cause,
        })?;
        *manifest = next;
        let gone: HashSet<u64> = over.iter().map(|entry| entry.number).collect();
        let mut view = self.view.write();
        let (dropped, kept): (Vec<_>, Vec<_>) = view
            .files
            .iter()
            .map(Arc::clone)
            .partition(|file| gone.contains(&file.entry.number));
        view.files = kept.into();
        drop(view);
        drop(manifest);
        dropped.iter().for_each(|file| file.remove_when_unused());
        let rows: u64 = over.iter().map(|entry| entry.rows).sum();
        Counters::add(&self.counters.files_expired, over.len());
        Counters::add(&self.counters.rows_expired, rows as usize);
        tracing::info!(files = over.len(), rows, "retention: days were dropped");
        Ok(over.len())
    }

    fn is_over(&self, entry: &FileEntry, now: Timestamp) -> bool {
        let Some(day) = &entry.day else {
            return false;
        };
        let group = Group {
            agency: day.agency.clone(),
            model: day.model.clone(),
        };
        let kept = (self.upkeep.retention_days)(&group);
        kept.is_some_and(|days| day.end() <= now.as_micros().saturating_sub(i64::from(days) * DAY))
    }
}
