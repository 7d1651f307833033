//! The store: one writer, any number of queries, and the threads that keep its
//! files in order. It holds those threads and they work on what it shares: a
//! circle that stays (decision 16).

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use domain::{DatastreamId, Offset, Timestamp};
use frame_log::TelemetryFrame;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::catalog::Catalog;
use crate::file::ReadError;
use crate::head::Fill;
use crate::observation::StoredObservation;
use crate::open::{self, StoreOpenError};
use crate::query::counts::Counts;
use crate::query::{
    AggregateQuery, Bucket, QueryError, RangePage, RangeQuery, aggregate, by_place, cost, count,
    range,
};
use crate::stats::{Counters, StoreStats};
use crate::tables::latest::Latest;
use crate::tables::quarantine::Quarantine;
use crate::tables::quarantine_file;
use crate::upkeep::compact::{CompactError, Compactor, Due};
use crate::upkeep::flush::{FlushError, Flusher};
use crate::upkeep::retention::ExpireError;
use crate::upkeep::strays::{self, Unfinished};
use crate::upkeep::{Pace, Upkeep};
use crate::view::View;

/// The most rows of a head, whatever the configuration says: 450 MB.
const MAX_FLUSH_ROWS: usize = 8_000_000;

/// The store. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

/// What the writer, the flusher and queries share.
pub(crate) struct Shared {
    pub(crate) catalog: Catalog,
    /// Rows of a full head.
    pub(crate) flush_rows: usize,
    /// Until the log is known to have their rows.
    pub(crate) unfinished: Mutex<Vec<Unfinished>>,
    pub(crate) latest: Latest,
    pub(crate) quarantine: OnceLock<Quarantine>,
    pub(crate) flusher: Flusher,
    pub(crate) thread: Mutex<Option<JoinHandle<()>>>,
    pub(crate) compactor: Compactor,
    pub(crate) upkeep: Upkeep,
    pub(crate) on_flushed: OnceLock<OnFlushed>,
    pub(crate) counters: Counters,
    pub(crate) counts: Counts,
}

/// Called with the last offset that the files hold, after the manifest.
pub(crate) type OnFlushed = Box<dyn Fn(Result<Offset, FlushError>) + Send + Sync>;

impl Store {
    /// Opens or makes the store in `folder`, fills `latest` with what the files
    /// hold, and starts its threads.
    pub fn open(
        folder: &Path,
        flush_rows: usize,
        latest: Latest,
        upkeep: Upkeep,
    ) -> Result<Self, StoreOpenError> {
        let flush_rows = flush_rows.clamp(1, MAX_FLUSH_ROWS);
        let opened = open::open(folder, flush_rows, &latest, &upkeep)?;
        let shared = Arc::new(Shared {
            catalog: opened.catalog,
            flush_rows,
            unfinished: Mutex::new(opened.unfinished),
            latest,
            quarantine: OnceLock::new(),
            flusher: Flusher::default(),
            thread: Mutex::new(None),
            compactor: Compactor::default(),
            upkeep,
            on_flushed: OnceLock::new(),
            counters: Counters::default(),
            counts: Counts::default(),
        });
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
    pub fn on_flushed(&self, tell: impl Fn(Result<Offset, FlushError>) + Send + Sync + 'static) {
        // A second one is a defect of the caller; the first stays.
        let _ = self.shared.on_flushed.set(Box::new(tell));
    }

    /// Fills `quarantine` with what was kept, and keeps it from then on.
    pub fn keep_quarantine(&self, quarantine: &Quarantine) {
        quarantine_file::read(self.shared.catalog.folder(), quarantine);
        // A second one is a defect of the caller; the first stays.
        let _ = self.shared.quarantine.set(quarantine.clone());
    }

    /// The log is open and has all frames up to `durable` that the files lack:
    /// what was in the making when the process ended may go.
    pub fn remove_unfinished(&self, durable: Offset) {
        let unfinished = std::mem::take(&mut *self.shared.unfinished.lock());
        strays::remove_unfinished(unfinished, durable);
    }

    /// Every frame up to it is in the files: recovery starts after it.
    pub fn flushed_offset(&self) -> Offset {
        self.shared.catalog.flushed_offset()
    }

    /// The greatest time of each datastream that the files hold.
    pub fn horizons(&self) -> impl Iterator<Item = (DatastreamId, Timestamp)> {
        let files = self.shared.catalog.view().files;
        let mut horizons: FxHashMap<u32, i64> = FxHashMap::default();
        for entry in files.iter().flat_map(|file| file.index.entries()) {
            let time = horizons.entry(entry.series).or_insert(entry.max_time);
            *time = entry.max_time.max(*time);
        }
        horizons
            .into_iter()
            .map(|(series, time)| (DatastreamId::new(series), Timestamp::from_micros(time)))
    }

    /// Takes the frames of the next offsets in. `latest` and `quarantine` must
    /// have taken them before: a flush may write all of them at once. Waits
    /// where a full head cannot be put aside yet.
    pub fn append<'f, D: 'f>(&self, frames: impl Iterator<Item = &'f TelemetryFrame<D>> + Clone) {
        let mut frames = frames.peekable();
        while frames.peek().is_some() {
            let fill = self.shared.catalog.append(&mut frames);
            if fill == Fill::Full && self.shared.flusher.wait_until_done() {
                self.shared.freeze();
            }
        }
    }

    /// Whether the last flush could not be written.
    pub fn failed(&self) -> Result<(), FlushError> {
        self.shared.flusher.failed()
    }

    /// From now on `append` never waits: what is left of the log is taken in,
    /// though flushes may fail.
    pub fn hurry(&self) {
        self.shared.flusher.hurry();
    }

    /// Flushes everything that was appended before the call.
    pub fn flush(&self) -> Result<(), FlushError> {
        self.shared.flusher.wait_for_try()?;
        self.shared.freeze();
        self.shared.flusher.wait_for_try()
    }

    /// Makes one file of each day, agency and model of all that is in files;
    /// what is not flushed stays where it is. Blocks.
    pub fn compact(&self) -> Result<(), CompactError> {
        self.shared.compact(|| Due::Now)?;
        self.shared.renew_rollups()
    }

    /// Drops the day files whose retention is over at `now`; how many.
    pub fn expire(&self, now: Timestamp) -> Result<usize, ExpireError> {
        self.shared.expire(now)
    }

    /// Flushes everything and stops the threads. Queries go on.
    pub fn close(&self) -> Result<(), FlushError> {
        self.shared.upkeep.scope.close();
        // First: on a machine of one core it would hold the flush up.
        self.shared.compactor.stop();
        let flushed = self.flush();
        self.stop();
        flushed
    }

    /// Gives up the compaction that runs, and stops the flusher after the flush
    /// that runs.
    pub fn stop(&self) {
        self.shared.upkeep.scope.close();
        self.shared.compactor.stop();
        self.shared.flusher.stop();
        if let Some(thread) = self.shared.thread.lock().take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }

    // --- queries

    pub fn range(&self, query: &RangeQuery) -> Result<RangePage, QueryError> {
        self.answer(|view| range::range(view, query))
    }

    /// The observation at a place of a message, if it is the newest revision of
    /// its time. Searches the files that may hold the message.
    pub fn observation(
        &self,
        offset: Offset,
        index: u16,
    ) -> Result<Option<StoredObservation>, QueryError> {
        self.answer(|view| by_place::by_place(view, offset, index))
    }

    /// The same, where it is known what the observation is about.
    pub fn observation_of(
        &self,
        datastream: DatastreamId,
        time: Timestamp,
        offset: Offset,
        index: u16,
    ) -> Result<Option<StoredObservation>, QueryError> {
        self.answer(|view| by_place::standing(view, (datastream, time), offset, index))
    }

    pub fn aggregate(&self, query: &AggregateQuery) -> Result<Vec<Bucket>, QueryError> {
        self.answer(|view| aggregate::aggregate(view, query))
    }

    /// About how many rows of `datastreams` lie between two times, from the
    /// indexes alone: what a question would read.
    pub fn estimate(&self, datastreams: &[DatastreamId], from: Timestamp, to: Timestamp) -> u64 {
        let mut datastreams = datastreams.to_vec();
        datastreams.sort_unstable();
        datastreams.dedup();
        cost::rows(&self.shared.catalog.view(), &datastreams, from, to)
    }

    pub fn count(
        &self,
        datastream: DatastreamId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<u64, QueryError> {
        self.answer(|view| count::count(view, datastream, from, to))
    }

    /// How many observations each of `datastreams` has, in their order. Rows are
    /// read only where they overlap, or were corrected and not yet compacted, and
    /// not again while files and heads stay the same.
    pub fn count_all(&self, datastreams: &[DatastreamId]) -> Result<Vec<u64>, QueryError> {
        self.answer(|view| self.shared.counts.of(view, datastreams))
    }

    /// The first and the last phenomenon time of each of `datastreams`, in their
    /// order, from memory; `None` where one has no observation.
    pub fn extents(&self, datastreams: &[DatastreamId]) -> Vec<Option<(Timestamp, Timestamp)>> {
        let view = self.shared.catalog.view();
        let extents = self.shared.counts.extents(&view, datastreams).into_iter();
        let time = Timestamp::from_micros;
        extents
            .map(|extent| extent.map(|(first, last)| (time(first), time(last))))
            .collect()
    }

    pub fn stats(&self) -> StoreStats {
        let view = self.shared.catalog.view();
        let day_files = view.files.iter().filter(|file| file.entry.day.is_some());
        let files = view.files.iter().map(|file| &file.entry);
        let (damaged, over) = self.shared.catalog.aside();
        StoreStats {
            head_rows: view.head_rows() as u64,
            files: view.files.len() as u64,
            day_files: day_files.count() as u64,
            file_rows: files.clone().map(|entry| entry.rows).sum(),
            file_bytes: files.map(|entry| entry.bytes).sum(),
            files_set_aside: damaged as u64,
            files_kept_aside: over as u64,
            ..self.shared.counters.snapshot()
        }
    }

    /// Answers from one view; a file that proves damaged is set aside and the
    /// rest is asked again.
    pub(crate) fn answer<T>(
        &self,
        query: impl Fn(&View) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        loop {
            let view = self.shared.catalog.view();
            match query(&view) {
                Err(QueryError::Read(error @ ReadError::Damaged { number, .. })) => {
                    self.set_aside(number, error)?;
                }
                answer => return answer,
            }
        }
    }

    pub(crate) fn set_aside(&self, number: u64, error: ReadError) -> Result<(), QueryError> {
        Ok(self.shared.set_aside(number, error)?)
    }
}

impl Shared {
    /// Takes a damaged file out of the store; gives `error` back where that
    /// cannot be told to the disk.
    pub(crate) fn set_aside(&self, number: u64, error: ReadError) -> Result<(), ReadError> {
        match self.catalog.set_aside(number, &error) {
            Ok(()) => Ok(()),
            Err(_) => Err(error),
        }
    }
}
