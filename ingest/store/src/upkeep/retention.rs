//! Retention: whole day files go, each with its rollup, once their day ended
//! before what is kept of their agency and model. Flushed files never do: they
//! become day files first. The latest table keeps its entries.
//!
//! A clock may be wrong, and a number may be mistyped: a file that is over is
//! first set aside. It is shown no more and stays on the disk for [`GRACE`],
//! and is taken back where it turns out not to be over.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use domain::{DatastreamId, Timestamp};

use crate::catalog::{Change, PublishError};
use crate::file::{self, DataFile, ReadError};
use crate::manifest::{DAY, Expired, FileEntry, Manifest};
use crate::stats::Counters;
use crate::store::Shared;
use crate::upkeep::Group;

/// How long what is over stays on the disk, by the clock that deletion goes by.
pub(crate) const GRACE: i64 = 3 * DAY;

/// Why files whose time is over are still there.
#[derive(Debug, thiserror::Error)]
#[error("cannot set old files of the store {} aside", folder.display())]
pub struct ExpireError {
    folder: PathBuf,
    #[source]
    cause: io::Error,
}

/// What one look does.
#[derive(Default)]
struct Moves {
    aside: Vec<FileEntry>,
    back: Vec<Arc<DataFile>>,
    gone: Vec<FileEntry>,
}

impl Shared {
    /// Sets aside what is over at `now`, takes back what is not, and removes
    /// what has been aside long enough; how many files were set aside.
    pub(crate) fn expire(&self, now: Timestamp) -> Result<usize, ExpireError> {
        let mut moves = Moves::default();
        let published = self.catalog.publish(|manifest| -> Result<_, PublishError> {
            moves = self.moves(manifest, now);
            Ok((!moves.is_empty()).then(|| {
                let mut next = moves.applied_to(manifest, now);
                let gone = moves.gone.iter().map(|entry| entry.number).collect();
                next.replace(self.catalog.folder(), &gone);
                Change {
                    manifest: next,
                    added: moves.back.clone(),
                    removed: moves.aside.iter().map(|entry| entry.number).collect(),
                    flushed: false,
                }
            }))
        });
        let published = published.map_err(|error| ExpireError {
            folder: self.catalog.folder().to_owned(),
            cause: error.into(),
        })?;
        if !published {
            return Ok(0);
        }
        self.tell(&moves);
        for entry in &moves.gone {
            file::remove(self.catalog.folder(), entry);
        }
        Ok(moves.aside.len())
    }

    fn moves(&self, manifest: &Manifest, now: Timestamp) -> Moves {
        let view = self.catalog.view();
        let file_of = |entry: &FileEntry| {
            let mut files = view.files.iter();
            files.find(|file| file.entry.number == entry.number)
        };
        let files = manifest.files.iter();
        let mut moves = Moves {
            aside: files
                .filter(|entry| self.is_over(entry, file_of(entry).map(AsRef::as_ref), now))
                .cloned()
                .collect(),
            ..Moves::default()
        };
        for expired in &manifest.expired {
            let aside_for = now.as_micros().saturating_sub(expired.since);
            if !self.is_over(&expired.entry, None, now) {
                match DataFile::open(self.catalog.folder(), expired.entry.clone()) {
                    Ok(file) => moves.back.push(Arc::new(file)),
                    Err(ReadError::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
                        moves.gone.push(expired.entry.clone());
                    }
                    Err(error) => {
                        tracing::error!(%error, cause = ?error, "a file that retention set aside cannot be taken back for now");
                    }
                }
            } else if aside_for >= GRACE {
                moves.gone.push(expired.entry.clone());
            }
        }
        moves
    }

    fn tell(&self, moves: &Moves) {
        let rows = |entries: &[FileEntry]| entries.iter().map(|entry| entry.rows).sum::<u64>();
        if !moves.aside.is_empty() {
            let rows = rows(&moves.aside);
            Counters::add(&self.counters.files_expired, moves.aside.len());
            Counters::add(&self.counters.rows_expired, rows as usize);
            tracing::info!(
                files = moves.aside.len(),
                rows,
                "retention: days that are over were set aside; they are removed in {} days",
                GRACE / DAY
            );
        }
        if !moves.back.is_empty() {
            let rows: u64 = moves.back.iter().map(|file| file.entry.rows).sum();
            tracing::warn!(
                files = moves.back.len(),
                rows,
                "retention: days that were set aside are not over, and were taken back"
            );
        }
        if !moves.gone.is_empty() {
            let rows = rows(&moves.gone);
            tracing::info!(
                files = moves.gone.len(),
                rows,
                "retention: days that had been set aside were removed"
            );
        }
    }

    /// Whether the day's time is over for the group that the file was made of,
    /// and for whoever has its datastreams now: who gave some away does not
    /// shorten how long they are kept.
    fn is_over(&self, entry: &FileEntry, file: Option<&DataFile>, now: Timestamp) -> bool {
        let Some(day) = &entry.day else {
            return false;
        };
        let is_over_for = |group: &Group| {
            let kept = (self.upkeep.retention_days)(group);
            kept.is_some_and(|days| {
                day.end() <= now.as_micros().saturating_sub(i64::from(days) * DAY)
            })
        };
        let made_of = Group {
            agency: day.agency.clone(),
            model: day.model.clone(),
        };
        if !is_over_for(&made_of) {
            return false;
        }
        let mut entries = file.into_iter().flat_map(|file| file.index.entries());
        entries.all(|entry| {
            let group = (self.upkeep.group_of)(DatastreamId::new(entry.series));
            group.is_none_or(|group| group == made_of || is_over_for(&group))
        })
    }
}

impl Moves {
    fn is_empty(&self) -> bool {
        self.aside.is_empty() && self.back.is_empty() && self.gone.is_empty()
    }

    fn applied_to(&self, manifest: &Manifest, now: Timestamp) -> Manifest {
        let mut next = manifest.clone();
        let is_back = |number| self.back.iter().any(|file| file.entry.number == number);
        next.expired.retain(|expired| {
            let number = expired.entry.number;
            !is_back(number) && !is_among(&self.gone, number)
        });
        next.files
            .retain(|entry| !is_among(&self.aside, entry.number));
        let since = now.as_micros();
        let aside = self.aside.iter().cloned();
        next.expired
            .extend(aside.map(|entry| Expired { entry, since }));
        next.files
            .extend(self.back.iter().map(|file| file.entry.clone()));
        next
    }
}

fn is_among(entries: &[FileEntry], number: u64) -> bool {
    entries.iter().any(|entry| entry.number == number)
}
