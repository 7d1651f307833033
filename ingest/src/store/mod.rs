//! The time-series store: a head in memory, Parquet files behind it, and the
//! queries over both.
//!
//! Constraints: rows come in order of offset, by one writer; a row is in the
//! head or in one file, never in both or neither, in any view; memory is
//! bounded by one filling and one frozen head; a query works on one view and
//! never holds up the writer for more than a moment.
//!
//! `DIR/store/` holds `manifest`, `latest`, `quarantine`, and for each file
//! `{number}.parquet` with its `{number}.idx`. Flushed files hold the rows as
//! they came; `compact` makes day files of them. The formats stand in
//! [`manifest`], [`latest_file`], [`quarantine_file`], [`schema`] and [`index`].
//!
//! In reading order: `head`, `schema`, `columns`, `disk`, `write`, `index`,
//! `manifest`, `origin`, `flush`, `compact`, `rollup`, `upkeep`, `retention`, `open`,
//! `strays`, `file`, `source`, `paged`, `cursor`, `decode`, `merge`, `view`; the queries
//! `range` and `forward`, `aggregate` with `spans`, `plan`, `gather` and `sum`,
//! `count`, `export`; then `pinned` (for backups), `verify` and
//! `rebuild`.

mod aggregate;
mod columns;
mod compact;
mod count;
mod cursor;
mod decode;
mod disk;
mod export;
mod file;
mod flush;
mod forward;
mod gather;
mod head;
mod index;
mod latest_file;
mod manifest;
mod merge;
mod open;
mod origin;
mod paged;
mod pinned;
mod plan;
mod quarantine_file;
mod range;
mod rebuild;
mod replace;
mod retention;
mod rollup;
mod schema;
mod source;
mod spans;
mod strays;
mod sum;
#[cfg(test)]
mod tests;
mod times;
mod upkeep;
mod verify;
mod view;
mod write;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use domain::{DatastreamId, FolderId, FolderMark, Offset, Timestamp};
use frame_log::TelemetryFrame;
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;

pub use compact::CompactError;
pub use export::{Observations, ObservationsQuery};
pub use file::ReadError;
pub use flush::FlushError;
pub use open::StoreOpenError;
pub use retention::ExpireError;

pub(crate) use export::Footprint;
pub(crate) use manifest::ManifestError;
pub(crate) use merge::same_value;
pub(crate) use pinned::PinnedStore;
pub use quarantine_file::QuarantineError;
pub(crate) use rebuild::Rebuild;
pub(crate) use upkeep::{Group, Pace, Upkeep};
pub(crate) use verify::verify as verify_store;

use crate::latest::Latest;
use crate::quarantine::Quarantine;
use crate::query::{AggregateQuery, Bucket, MAX_ROWS_READ, QueryError, RangePage, RangeQuery};
use crate::stats::{Counters, Stats};
use compact::{Compactor, Due};
use flush::Flusher;
use head::{Fill, Head};
use manifest::Manifest;
use merge::RowKey;
use strays::Unfinished;
use view::View;

/// The most rows of a head, whatever the configuration says: 450 MB.
const MAX_FLUSH_ROWS: usize = 8_000_000;

/// The store. Clones share it.
#[derive(Clone)]
pub(crate) struct Store {
    shared: Arc<Shared>,
}

/// What the writer, the flusher and queries share.
struct Shared {
    folder: PathBuf,
    /// Rows of a full head.
    flush_rows: usize,
    view: RwLock<View>,
    /// Locked for as long as files change.
    manifest: Mutex<Manifest>,
    /// Until the log is known to have their rows.
    unfinished: Mutex<Vec<Unfinished>>,
    latest: Latest,
    quarantine: OnceLock<Quarantine>,
    flusher: Flusher,
    thread: Mutex<Option<JoinHandle<()>>>,
    compactor: Compactor,
    upkeep: Upkeep,
    on_flushed: OnceLock<OnFlushed>,
    counters: Arc<Counters>,
    /// Damaged files set aside, and files that retention set aside, of the
    /// manifest: who asks for figures does not wait for its lock, which is held
    /// for as long as the disk takes.
    set_aside: AtomicUsize,
    expired: AtomicUsize,
}

/// Called with the last offset that the files hold, after the manifest.
type OnFlushed = Box<dyn Fn(Result<Offset, FlushError>) + Send + Sync>;

impl Store {
    /// Opens or makes the store in `folder`, fills `latest` with what the files
    /// hold, and starts its threads.
    pub(crate) fn open(
        folder: &Path,
        flush_rows: usize,
        latest: Latest,
        counters: Arc<Counters>,
        upkeep: Upkeep,
    ) -> Result<Self, StoreOpenError> {
        let flush_rows = flush_rows.clamp(1, MAX_FLUSH_ROWS);
        let opened = open::open(folder, &latest, &upkeep)?;
        let next = Offset::new(opened.manifest.flushed_offset).next();
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            flush_rows,
            view: RwLock::new(View {
                files: opened.files.into(),
                frozen: None,
                head: Arc::new(Head::new(flush_rows, next)),
            }),
            manifest: Mutex::new(opened.manifest),
            unfinished: Mutex::new(opened.unfinished),
            latest,
            quarantine: OnceLock::new(),
            flusher: Flusher::default(),
            thread: Mutex::new(None),
            compactor: Compactor::default(),
            upkeep,
            on_flushed: OnceLock::new(),
            counters,
            set_aside: AtomicUsize::new(0),
            expired: AtomicUsize::new(0),
        });
        shared.note(&shared.manifest.lock());
        let started = Flusher::start(&shared);
        let thread = started.map_err(|cause| StoreOpenError::Io {
            action: "start the flush thread of",
            path: folder.to_owned(),
            cause,
        })?;
        *shared.thread.lock() = Some(thread);
        let store = Self { shared };
        if store.shared.upkeep.pace == Pace::Background
            && let Err(cause) = Compactor::start(&store.shared)
        {
            store.stop();
            return Err(StoreOpenError::Io {
                action: "start the compaction of",
                path: folder.to_owned(),
                cause,
            });
        }
        Ok(store)
    }

    /// Who is told of each flush, once: what the files hold up to then is
    /// durable without the log. The flush that runs may still go untold.
    pub(crate) fn on_flushed(
        &self,
        tell: impl Fn(Result<Offset, FlushError>) + Send + Sync + 'static,
    ) {
        // A second one is a defect of the caller; the first stays.
        let _ = self.shared.on_flushed.set(Box::new(tell));
    }

    /// Fills `quarantine` with what was kept, and keeps it from then on.
    pub(crate) fn keep_quarantine(&self, quarantine: &Quarantine) {
        quarantine_file::read(&self.shared.folder, quarantine);
        // A second one is a defect of the caller; the first stays.
        let _ = self.shared.quarantine.set(quarantine.clone());
    }

    /// The log is open and has all frames up to `durable` that the files lack:
    /// what was in the making when the process ended may go.
    pub(crate) fn remove_unfinished(&self, durable: Offset) {
        let unfinished = std::mem::take(&mut *self.shared.unfinished.lock());
        strays::remove_unfinished(unfinished, durable);
    }

    /// Every frame up to it is in the files: recovery starts behind it.
    pub(crate) fn flushed_offset(&self) -> Offset {
        Offset::new(self.shared.manifest.lock().flushed_offset)
    }

    /// The greatest time of each datastream that the files hold.
    pub(crate) fn horizons(&self) -> impl Iterator<Item = (DatastreamId, Timestamp)> {
        let files = Arc::clone(&self.shared.view.read().files);
        let mut horizons: FxHashMap<u32, i64> = FxHashMap::default();
        for entry in files.iter().flat_map(|file| file.index.entries()) {
            let time = horizons.entry(entry.series).or_insert(entry.max_time);
            *time = entry.max_time.max(*time);
        }
        horizons
            .into_iter()
            .map(|(series, time)| (DatastreamId::new(series), Timestamp::from_micros(time)))
    }

    /// Takes the frame of the next offset in. `latest` and `quarantine` must
    /// have taken it before: a flush may write all of them at once. Waits where a full head cannot
    /// be put aside yet.
    pub(crate) fn append(&self, frame: &TelemetryFrame) {
        let fill = self.shared.view.read().head.append(frame);
        if fill == Fill::Full && self.shared.flusher.wait_until_done() {
            self.shared.freeze();
        }
    }

    /// Whether the last flush could not be written.
    pub(crate) fn failed(&self) -> Result<(), FlushError> {
        self.shared.flusher.failed()
    }

    /// From now on `append` never waits: what is left of the log is taken in,
    /// though flushes may fail.
    pub(crate) fn hurry(&self) {
        self.shared.flusher.hurry();
    }

    /// Flushes everything that was appended before the call.
    pub(crate) fn flush(&self) -> Result<(), FlushError> {
        self.shared.flusher.wait_for_try()?;
        self.shared.freeze();
        self.shared.flusher.wait_for_try()
    }

    /// Makes one file of each day, agency and model of all that is in files;
    /// what is not flushed stays where it is. Blocks.
    pub(crate) fn compact(&self) -> Result<(), CompactError> {
        self.shared.compact(|| Due::Now)?;
        self.shared.renew_rollups()
    }

    /// Drops the day files whose retention is over at `now`; how many.
    pub(crate) fn expire(&self, now: Timestamp) -> Result<usize, ExpireError> {
        self.shared.expire(now)
    }

    /// Flushes everything and stops the threads. Queries go on.
    pub(crate) fn close(&self) -> Result<(), FlushError> {
        self.shared.upkeep.scope.close();
        // First: on a machine of one core it would hold the flush up.
        self.shared.compactor.stop();
        let flushed = self.flush();
        self.stop();
        flushed
    }

    /// Gives up the compaction that runs, and stops the flusher behind the
    /// flush that runs.
    pub(crate) fn stop(&self) {
        self.shared.upkeep.scope.close();
        self.shared.compactor.stop();
        self.shared.flusher.stop();
        if let Some(thread) = self.shared.thread.lock().take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }

    // --- queries

    pub(crate) fn range(&self, query: &RangeQuery) -> Result<RangePage, QueryError> {
        self.answer(|view| range::range(view, query))
    }

    pub(crate) fn aggregate(&self, query: &AggregateQuery) -> Result<Vec<Bucket>, QueryError> {
        self.answer(|view| aggregate::aggregate(view, query))
    }

    pub(crate) fn count(
        &self,
        datastream: DatastreamId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<u64, QueryError> {
        self.answer(|view| count::count(view, datastream, from, to))
    }

    /// The store's own figures.
    pub(crate) fn fill(&self, stats: &mut Stats) {
        let view = self.shared.view.read().clone();
        stats.head_rows = view.head_rows() as u64;
        stats.files = view.files.len() as u64;
        let day_files = view.files.iter().filter(|file| file.entry.day.is_some());
        stats.day_files = day_files.count() as u64;
        let files = view.files.iter().map(|file| &file.entry);
        stats.file_rows = files.clone().map(|entry| entry.rows).sum();
        stats.file_bytes = files.map(|entry| entry.bytes).sum();
        stats.files_set_aside = self.shared.set_aside.load(Relaxed) as u64;
        stats.files_kept_aside = self.shared.expired.load(Relaxed) as u64;
    }

    /// Answers from one view; a file that proves damaged is set aside and the
    /// rest is asked again.
    fn answer<T>(&self, query: impl Fn(&View) -> Result<T, QueryError>) -> Result<T, QueryError> {
        loop {
            let view = self.shared.view.read().clone();
            match query(&view) {
                Err(QueryError::Read(error @ ReadError::Damaged { number, .. })) => {
                    self.set_aside(number, error)?;
                }
                answer => return answer,
            }
        }
    }

    fn set_aside(&self, number: u64, error: ReadError) -> Result<(), QueryError> {
        Ok(self.shared.set_aside(number, error)?)
    }
}

impl Shared {
    /// The manifest has changed.
    fn note(&self, manifest: &Manifest) {
        self.set_aside.store(manifest.set_aside.len(), Relaxed);
        self.expired.store(manifest.expired.len(), Relaxed);
    }

    /// The number of a new file. Numbers that no manifest came to name may be
    /// given again after the next start, which removes their files or gives them
    /// other names.
    fn take_number(&self) -> u64 {
        let mut manifest = self.manifest.lock();
        let number = manifest.next_file;
        manifest.next_file += 1;
        number
    }

    /// Takes a damaged file out of the manifest and the view; gives `error`
    /// back where that cannot be told to the disk.
    fn set_aside(&self, number: u64, error: ReadError) -> Result<(), ReadError> {
        let mut manifest = self.manifest.lock();
        let entry = manifest
            .files
            .iter()
            .find(|entry| entry.number == number)
            .cloned();
        // Where it is gone already, somebody else has been here.
        if let Some(entry) = entry
            && open::set_aside(&self.folder, &mut manifest, &entry, &error).is_err()
        {
            return Err(error);
        }
        self.note(&manifest);
        let mut view = self.view.write();
        view.files = view
            .files
            .iter()
            .filter(|file| file.entry.number != number)
            .cloned()
            .collect();
        Ok(())
    }
}

/// What doctor's repair needs to know of a store that nobody has open.
pub(crate) struct ClosedStore {
    /// `None` where the manifest does not tell.
    pub(crate) flushed: Option<Offset>,
    /// That it tells.
    pub(crate) folder: Option<FolderId>,
    pub(crate) quarantine: Result<(), QuarantineError>,
}

impl ClosedStore {
    pub(crate) fn look(folder: &Path, mark: FolderMark) -> Self {
        let manifest = Manifest::read(folder).ok();
        let least = manifest.as_ref().map_or(0, |manifest| manifest.quarantine);
        Self {
            folder: manifest.as_ref().and_then(Manifest::folder_id),
            flushed: manifest.map(|manifest| Offset::new(manifest.flushed_offset)),
            quarantine: quarantine_file::check(folder, mark, least),
        }
    }

    /// The greatest number of a datastream in the files' indexes.
    pub(crate) fn greatest_series(folder: &Path) -> u32 {
        let manifest = Manifest::read(folder).unwrap_or_default();
        let files = manifest.files.into_iter();
        files
            .filter_map(|entry| file::DataFile::open(folder, entry).ok())
            .filter_map(|file| file.index.entries().last().map(|last| last.series))
            .max()
            .unwrap_or(0)
    }

    /// Goes on with an empty quarantine, which is in the place of none.
    pub(crate) fn empty_quarantine(folder: &Path, mark: FolderMark) -> io::Result<PathBuf> {
        let manifest = Manifest::read(folder).unwrap_or_default();
        quarantine_file::write_empty(folder, manifest.quarantine, mark)?;
        Ok(Self::quarantine_path(folder))
    }

    pub(crate) fn quarantine_path(folder: &Path) -> PathBuf {
        folder.join(quarantine_file::FILE)
    }

    /// Says that the files hold everything up to `offset`: what was behind
    /// them is lost, and its offsets are not given again.
    pub(crate) fn skip_to(folder: &Path, offset: Offset) -> io::Result<()> {
        let mut manifest = Manifest::read(folder).map_err(io::Error::other)?;
        manifest.flushed_offset = manifest.flushed_offset.max(offset.get());
        manifest.write(folder)
    }
}

/// The limit on a request's work.
struct TooMuch;

impl TooMuch {
    fn rows(rows: u64) -> QueryError {
        QueryError::TooMuch {
            rows,
            limit: MAX_ROWS_READ,
        }
    }

    fn check(rows: u64) -> Result<(), QueryError> {
        if rows > MAX_ROWS_READ {
            Err(Self::rows(rows))
        } else {
            Ok(())
        }
    }
}
