//! Moving a full head into a file, on a thread of its own.
//!
//! In this order, each durable before the next: the Parquet file, its index,
//! the latest table, the quarantine, the manifest; then the view shows the file
//! in the head's place, and whoever keeps the log is told. A crash in between
//! leaves files that no manifest names, which the next start removes, since the
//! log has their rows. A flush that fails is told at once, which ends the
//! platform (a full disk does not empty itself), and is tried again until it
//! has ended; nothing is lost, since the log keeps what the manifest does not
//! name.

use std::collections::HashSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use domain::Offset;
use parking_lot::{Condvar, Mutex};
use parquet::errors::ParquetError;

use crate::catalog::Change;
use crate::file::DataFile;
use crate::file::origin::Origin;
use crate::file::replace::sync_folder;
use crate::file::write::write_head;
use crate::head::{Head, Rows};
use crate::manifest::FileEntry;
use crate::stats::Counters;
use crate::store::Shared;
use crate::tables::{latest_file, quarantine_file};

/// A head that is not full is flushed after this long. Its rows are durable in
/// the log all the same; an hour keeps the number of small files low.
const MAX_HEAD_AGE: Duration = Duration::from_secs(3600);
/// Between tries of a flush that fails.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Why a head cannot be flushed. Its rows stay in the log.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FlushError {
    #[error("cannot write into the store {}", folder.display())]
    Write {
        folder: std::path::PathBuf,
        #[source]
        cause: Arc<ParquetError>,
    },
}

/// What the flusher and those who wait for it share.
#[derive(Default)]
pub(crate) struct Flusher {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// There is a frozen head.
    asked: bool,
    stop: bool,
    /// The writer must come to its end: a head may grow past its limit.
    hurry: bool,
    /// Of the last try, until one succeeds.
    failed: Option<FlushError>,
}

impl Flusher {
    pub(crate) fn start(shared: &Arc<Shared>) -> io::Result<JoinHandle<()>> {
        let scope = shared.upkeep.scope.clone();
        let shared = Arc::clone(shared);
        scope.thread("flush", move || shared.flusher.run(&shared))
    }

    /// A head was frozen.
    pub(crate) fn ask(&self) {
        self.state.lock().asked = true;
        self.changed.notify_all();
    }

    /// Waits until no head is frozen. False where one still is and nobody
    /// should wait for it any more, as after a try that failed.
    pub(crate) fn wait_until_done(&self) -> bool {
        let mut state = self.state.lock();
        while state.asked && !state.stop && !state.hurry && state.failed.is_none() {
            self.changed.wait(&mut state);
        }
        !state.asked
    }

    /// What the last try failed with.
    pub(crate) fn failed(&self) -> Result<(), FlushError> {
        self.state.lock().failed.clone().map_or(Ok(()), Err)
    }

    /// Nobody waits for a flush from now on, except who asks for one.
    pub(crate) fn hurry(&self) {
        self.state.lock().hurry = true;
        self.changed.notify_all();
    }

    /// Waits until the frozen head is flushed, or a try has failed.
    pub(crate) fn wait_for_try(&self) -> Result<(), FlushError> {
        let mut state = self.state.lock();
        while state.asked && state.failed.is_none() && !state.stop {
            self.changed.wait(&mut state);
        }
        state.failed.clone().map_or(Ok(()), Err)
    }

    pub(crate) fn stop(&self) {
        self.state.lock().stop = true;
        self.changed.notify_all();
    }

    fn run(&self, shared: &Arc<Shared>) {
        let mut since = Instant::now();
        let mut head = Offset::ZERO;
        while self.wait_for_work() {
            let filling = shared.catalog.view().head.first();
            if filling != head {
                (head, since) = (filling, Instant::now());
            }
            if since.elapsed() >= MAX_HEAD_AGE {
                shared.freeze();
            }
            let frozen = shared.catalog.view().frozen;
            if let Some(frozen) = frozen {
                self.try_once(shared, &frozen);
            }
        }
    }

    /// Sleeps until there is something to do or to look at; false at the end.
    fn wait_for_work(&self) -> bool {
        let mut state = self.state.lock();
        if state.stop {
            return false;
        }
        if state.failed.is_some() {
            self.changed.wait_for(&mut state, RETRY_AFTER);
        } else if !state.asked {
            self.changed.wait_for(&mut state, MAX_HEAD_AGE / 60);
        }
        !state.stop
    }

    fn try_once(&self, shared: &Shared, frozen: &Arc<Head>) {
        let outcome = shared.flush(frozen);
        if let Err(error) = &outcome {
            let FlushError::Write { cause, .. } = error;
            tracing::error!(%error, %cause, "a flush failed");
            Counters::add(&shared.counters.flush_failures, 1);
        }
        let mut state = self.state.lock();
        state.asked = outcome.is_err();
        state.failed = outcome.as_ref().err().cloned();
        self.changed.notify_all();
        drop(state);
        // Told last: `on_flushed` may wait for the applier, and the
        // applier waits for this flush.
        if let Some(on_flushed) = shared.on_flushed.get()
            && catch_unwind(AssertUnwindSafe(|| on_flushed(outcome))).is_err()
        {
            on_flushed(Err(shared.flush_error(panicked())));
        }
    }
}

fn panicked() -> ParquetError {
    ParquetError::General("the flush has panicked".into())
}

impl Shared {
    /// Puts the head aside to be flushed.
    pub(crate) fn freeze(&self) {
        self.catalog.freeze(self.flush_rows, || self.flusher.ask());
    }

    fn flush(&self, frozen: &Arc<Head>) -> Result<Offset, FlushError> {
        // A panic must be told as well: the applier waits for the flush.
        catch_unwind(AssertUnwindSafe(|| self.write_frozen(frozen)))
            .unwrap_or_else(|_| Err(panicked()))
            .map_err(|cause| self.flush_error(cause))
    }

    fn flush_error(&self, cause: ParquetError) -> FlushError {
        FlushError::Write {
            folder: self.catalog.folder().to_owned(),
            cause: Arc::new(cause),
        }
    }

    fn write_frozen(&self, frozen: &Arc<Head>) -> Result<Offset, ParquetError> {
        let rows = frozen.frozen();
        let (_, last) = rows.offsets();
        let file = self.write_rows(&rows)?.map(Arc::new);
        let mark = self.upkeep.mark;
        let folder = self.catalog.folder();
        latest_file::write(folder, &self.latest, last, mark)?;
        let mut kept = false;
        if let Some(quarantine) = self.quarantine.get() {
            kept = quarantine_file::write(folder, quarantine, last, mark)?;
        }
        self.catalog
            .publish(|manifest| -> Result<_, ParquetError> {
                let mut next = manifest.clone();
                if kept {
                    next.quarantine = last.get();
                }
                next.flushed_offset = last.get();
                next.files
                    .extend(file.iter().map(|file| file.entry.clone()));
                Ok(Some(Change {
                    manifest: next,
                    added: file.into_iter().collect(),
                    removed: HashSet::new(),
                    flushed: true,
                }))
            })?;
        self.compactor.wake();
        Ok(last)
    }

    /// Writes file and index; `None` where there are no rows.
    fn write_rows(&self, rows: &Rows) -> Result<Option<DataFile>, ParquetError> {
        let sorted = rows.sorted();
        if sorted.len() == 0 {
            return Ok(None);
        }
        let folder = self.catalog.folder();
        let number = self.catalog.take_number();
        let (first_offset, last_offset) = rows.offsets();
        let entry = FileEntry {
            first_offset: first_offset.get(),
            last_offset: last_offset.get(),
            ..FileEntry::numbered(number, None)
        };
        let origin = Origin {
            mark: self.upkeep.mark,
            entry: &entry,
            inputs: &[],
        };
        let file = write_head(folder, &sorted, &origin)?.place(folder, entry)?;
        sync_folder(folder)?;
        Ok(Some(file))
    }
}
