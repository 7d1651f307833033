//! Compaction: flushed files become files of one day, agency and model, and
//! several of one day become one.
//!
//! In this order, each durable before the next: the new files with what lies
//! beside them, the folder, ONE manifest that names them in the place of those
//! that they were made from; then the view, and the old files are removed.
//! So every row is in one file of any manifest and any view. A crash in between
//! leaves files that no manifest names, which the next start removes, since
//! those that they were made from are still named.
//!
//! Constraints: a thread of its own, of the lowest priority, that holds no lock
//! while it reads or writes rows; one compaction at a time; bounded memory,
//! whatever the size of the store. One that fails is told, loses nothing and is
//! tried again after a rest: it does not end the platform.
//!
//! In reading order: `pick`, `groups`, `batch`, `input`, `weave`, `output`,
//! `renew`, `thread`.

mod batch;
mod groups;
mod input;
mod output;
mod pick;
mod renew;
mod thread;
mod weave;

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use parquet::errors::ParquetError;

pub(crate) use batch::{Batch, Sparse};
pub(crate) use pick::Due;
pub(crate) use thread::Compactor;

use crate::catalog::{Change, PublishError};
use crate::file::replace::sync_folder;
use crate::file::{self, DataFile, ReadError};
use crate::manifest::{DayFile, FileEntry};
use crate::stats::Counters;
use crate::store::Shared;
use crate::upkeep::flush::FlushError;
use groups::Groups;
use output::MadeFrom;
use weave::Weave;

/// Files that become others.
pub(crate) struct Job {
    /// By offset.
    inputs: Vec<Arc<DataFile>>,
    /// Of all inputs; `None`: flushed files.
    day: Option<DayFile>,
}

/// Why files were not compacted. They are as they were.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CompactError {
    #[error("cannot write day files into the store {}", folder.display())]
    Write {
        folder: PathBuf,
        #[source]
        cause: Arc<ParquetError>,
    },
    #[error("cannot read a file that is compacted")]
    Read(#[source] Arc<ReadError>),
    #[error("the head was not flushed before")]
    Flush(#[source] FlushError),
    #[error("the store is closing")]
    Closing,
}

/// What ends one compaction.
enum JobError {
    Read(ReadError),
    Write(ParquetError),
    /// An input is gone: set aside or dropped meanwhile.
    InputGone,
    /// Whether the disk has the old manifest or the new one, nobody knows.
    Doubtful(io::Error),
    Stopped,
}

impl From<ReadError> for JobError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<ParquetError> for JobError {
    fn from(error: ParquetError) -> Self {
        Self::Write(error)
    }
}

impl From<PublishError> for JobError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Unchanged(cause) => cause.into(),
            PublishError::Doubtful(cause) => Self::Doubtful(cause),
        }
    }
}

impl From<io::Error> for JobError {
    fn from(error: io::Error) -> Self {
        Self::Write(error.into())
    }
}

impl Shared {
    /// Does all that is due; blocks.
    pub(crate) fn compact(&self, due: impl Fn() -> Due) -> Result<(), CompactError> {
        loop {
            let _one_at_a_time = self.compactor.work.lock();
            let view = self.catalog.view();
            let Some(job) = pick::next(&view.files, due()) else {
                return Ok(());
            };
            match self.run(&job, &view.files) {
                Ok(()) | Err(JobError::InputGone) => {}
                Err(JobError::Read(error @ ReadError::Damaged { number, .. })) => {
                    self.set_aside(number, error)
                        .map_err(|error| CompactError::Read(Arc::new(error)))?;
                }
                Err(error) => return Err(self.compact_error(error)),
            }
        }
    }

    fn compact_error(&self, error: JobError) -> CompactError {
        let cause = match error {
            JobError::Read(error) => return CompactError::Read(Arc::new(error)),
            JobError::Stopped | JobError::InputGone => return CompactError::Closing,
            JobError::Write(cause) => cause,
            JobError::Doubtful(cause) => cause.into(),
        };
        Counters::add(&self.counters.compaction_failures, 1);
        CompactError::Write {
            folder: self.catalog.folder().to_owned(),
            cause: Arc::new(cause),
        }
    }

    fn run(&self, job: &Job, files: &[Arc<DataFile>]) -> Result<(), JobError> {
        let start = Instant::now();
        let mut numbers = Vec::new();
        let made = self.write_outputs(job, files, &mut numbers);
        let outcome = made.and_then(|outputs| {
            let figures = Figures::of(job, &outputs);
            self.exchange(&job.inputs, outputs)?;
            Ok(figures)
        });
        match outcome {
            Ok(figures) => {
                figures.tell(self, start);
                Ok(())
            }
            Err(error) => {
                // What may be named by the manifest on disk stays until the
                // next start has read that.
                if !matches!(error, JobError::Doubtful(_)) {
                    for number in numbers {
                        file::remove(self.catalog.folder(), &FileEntry::numbered(number, None));
                    }
                }
                Err(error)
            }
        }
    }

    fn write_outputs(
        &self,
        job: &Job,
        files: &[Arc<DataFile>],
        numbers: &mut Vec<u64>,
    ) -> Result<Vec<DataFile>, JobError> {
        let taken: HashSet<u64> = job.inputs.iter().map(|file| file.entry.number).collect();
        let others: Vec<_> = files
            .iter()
            .filter(|file| !taken.contains(&file.entry.number))
            .cloned()
            .collect();
        let mut groups = Groups::new(&*self.upkeep.group_of, job.day.as_ref());
        let outputs = Weave {
            folder: self.catalog.folder(),
            inputs: &job.inputs,
            others: &others,
            in_micros: groups.in_micros(&job.inputs),
            groups,
            stop: &self.compactor.stop,
            made: MadeFrom {
                mark: self.upkeep.mark,
                inputs: job.inputs.iter().map(|file| file.entry.number).collect(),
            },
            number: &mut || {
                let number = self.catalog.take_number();
                numbers.push(number);
                number
            },
        }
        .run()?;
        sync_folder(self.catalog.folder())?;
        Ok(outputs)
    }

    /// Names `outputs` in the place of `inputs` and shows them. The inputs are
    /// removed once no query reads them any more.
    fn exchange(&self, inputs: &[Arc<DataFile>], outputs: Vec<DataFile>) -> Result<(), JobError> {
        let gone: HashSet<u64> = inputs.iter().map(|file| file.entry.number).collect();
        let outputs: Vec<_> = outputs.into_iter().map(Arc::new).collect();
        self.catalog.publish(|manifest| {
            let mut next = manifest.clone();
            next.replace(self.catalog.folder(), &gone);
            if next.files.len() + gone.len() != manifest.files.len() {
                return Err(JobError::InputGone);
            }
            next.files
                .extend(outputs.iter().map(|file| file.entry.clone()));
            Ok(Some(Change {
                manifest: next,
                added: outputs,
                removed: gone,
                flushed: false,
            }))
        })?;
        inputs.iter().for_each(|file| file.remove_when_unused());
        Ok(())
    }
}

/// What one compaction did.
struct Figures {
    inputs: usize,
    outputs: usize,
    rows: u64,
    repeats: u64,
    bytes: u64,
}

impl Figures {
    fn of(job: &Job, outputs: &[DataFile]) -> Self {
        let rows: u64 = outputs.iter().map(|file| file.entry.rows).sum();
        let read: u64 = job.inputs.iter().map(|file| file.entry.rows).sum();
        Self {
            inputs: job.inputs.len(),
            outputs: outputs.len(),
            rows,
            repeats: read.saturating_sub(rows),
            bytes: outputs.iter().map(|file| file.entry.bytes).sum(),
        }
    }

    fn tell(&self, shared: &Shared, start: Instant) {
        let counters = &shared.counters;
        Counters::add(&counters.compactions, 1);
        Counters::add(&counters.compaction_rows, self.rows as usize);
        Counters::add(&counters.compaction_bytes, self.bytes as usize);
        Counters::add(&counters.repeats_dropped, self.repeats as usize);
        tracing::debug!(
            files_read = self.inputs,
            files_written = self.outputs,
            rows = self.rows,
            repeats = self.repeats,
            bytes = self.bytes,
            took = ?start.elapsed(),
            "files were compacted"
        );
    }
}

/// What is due by the clocks.
pub(crate) fn due_now(shared: &Shared) -> Due {
    Due::At {
        now: (shared.upkeep.now)(),
        clock: SystemTime::now(),
    }
}
