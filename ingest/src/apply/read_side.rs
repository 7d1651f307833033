//! Everything that is derived from the log, in one type: recovery and the
//! applier feed it, queries and streams read it.

use std::io;
use std::sync::{Arc, OnceLock};

use domain::{Cells, DatastreamId, DeviceId, Offset, Timestamp};
use frame_log::{Frame, Log};
use observation_store::{
    AggregateQuery, Bucket, CompactError, ExpireError, FlushError, Footprint, KnownDatastreams,
    Latest, Observations, ObservationsQuery, Quarantine, QuarantinedMessage, QueryError, RangePage,
    RangeQuery, Store, StoreOpenError, StoredObservation, Upkeep,
};
use parking_lot::Mutex;
use rustc_hash::FxHashSet;
use supervisor::Scope;

use super::thread::ApplierThread;
use super::{Applier, Progress};
use crate::config::Config;
use crate::live::{FrameStream, Live, StreamStart};
use crate::open::STORE_FOLDER;
use crate::sequence::Sequencer;
use crate::stats::{Counters, Stats};

/// Store, latest, live and quarantine.
pub(crate) struct ReadSide {
    store: Store,
    latest: Latest,
    live: Live,
    quarantine: Quarantine,
    counters: Arc<Counters>,
    progress: Progress,
    /// There until the thread is started.
    recovering: Mutex<Option<Applier>>,
    running: OnceLock<Running>,
}

struct Running {
    log: Arc<Log<Sequencer>>,
    thread: ApplierThread,
}

impl ReadSide {
    /// Opens what the files hold. [`Self::recover`] must bring the frames after
    /// it; then follows [`Self::start`].
    pub(crate) fn open(config: &Config, upkeep: Upkeep) -> Result<Arc<Self>, StoreOpenError> {
        let counters = Arc::new(Counters::default());
        let latest = Latest::default();
        let quarantine = Quarantine::new(config.quarantine_per_device);
        let store = Store::open(
            &config.data_dir.join(STORE_FOLDER),
            config.flush_rows,
            latest.clone(),
            upkeep,
        )?;
        let progress = Progress::new(store.flushed_offset());
        let live = Live::new(progress.clone(), Arc::clone(&counters));
        let applier = Applier::new(
            store.clone(),
            latest.clone(),
            live.clone(),
            quarantine.clone(),
            Arc::clone(&counters),
            progress.clone(),
        );
        Ok(Arc::new(Self {
            store,
            latest,
            live,
            quarantine,
            counters,
            progress,
            recovering: Mutex::new(Some(applier)),
            running: OnceLock::new(),
        }))
    }

    /// For backups.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Recovery starts with the frame after it.
    pub(crate) fn flushed_offset(&self) -> Offset {
        self.store.flushed_offset()
    }

    /// The greatest time of each datastream that the files hold.
    pub(crate) fn horizons(&self) -> impl Iterator<Item = (DatastreamId, Timestamp)> {
        self.store.horizons()
    }

    /// Takes frames in that the log holds beyond the files. Before `start`. A
    /// flush that failed ends it: memory holds one head, not the whole log.
    pub(crate) fn recover(&self, frames: &[Frame]) -> Result<(), FlushError> {
        if let Some(applier) = self.recovering.lock().as_mut() {
            applier.apply(frames);
        }
        self.store.failed()
    }

    /// Ends recovery and starts the applier; from then on `on_flushed` is called
    /// after each flush, also after one that failed.
    pub(crate) fn start(
        &self,
        log: Arc<Log<Sequencer>>,
        on_flushed: Arc<dyn Fn(Result<Offset, FlushError>) + Send + Sync>,
        scope: &Scope,
    ) -> io::Result<()> {
        let applier = self.recovering.lock().take();
        let applier = applier.ok_or_else(|| io::Error::other("the applier runs already"))?;
        self.store.on_flushed(move |outcome| on_flushed(outcome));
        let thread = ApplierThread::start(Arc::clone(&log), applier, scope)?;
        // `recovering` was there, so nobody has been here before.
        let _ = self.running.set(Running { log, thread });
        Ok(())
    }

    /// Applies what is durable, flushes it, and stops the threads. Queries go
    /// on. A second call does nothing more.
    pub(crate) fn stop(&self) -> Result<(), FlushError> {
        if let Some(running) = self.running.get() {
            running.thread.stop();
        }
        self.store.close()
    }

    /// Flushes what is applied, and makes one file of each day, agency and
    /// model. Blocks.
    pub(crate) fn compact(&self) -> Result<(), CompactError> {
        self.store.flush().map_err(CompactError::Flush)?;
        self.store.compact()
    }

    /// Drops the days whose retention is over at `now`.
    pub(crate) fn expire(&self, now: Timestamp) -> Result<usize, ExpireError> {
        self.store.expire(now)
    }

    // --- positions

    pub(crate) fn applied_offset(&self) -> Offset {
        self.progress.applied()
    }

    /// Waits until `target`, which is durable, is applied; ends the applier's
    /// nap where it is not.
    pub(crate) async fn applied(&self, target: Offset) {
        if self.progress.applied() >= target {
            return;
        }
        match self.running.get() {
            Some(running) => running.thread.applied(target).await,
            None => self.progress.reached(target).await,
        }
    }

    // --- queries

    pub(crate) fn latest(&self, datastream: DatastreamId) -> Option<StoredObservation> {
        self.latest.get(datastream)
    }

    pub(crate) fn latest_of_each(
        &self,
        datastreams: impl Iterator<Item = DatastreamId>,
        found: &mut Vec<StoredObservation>,
    ) {
        self.latest.get_each(datastreams, found);
    }

    pub(crate) fn located_datastreams(
        &self,
        cells: &Cells,
        most: usize,
        found: &mut Vec<DatastreamId>,
    ) {
        self.latest.located_in(cells, most, found);
    }

    pub(crate) fn known_datastreams(&self, first: DatastreamId, steps: usize) -> KnownDatastreams {
        self.latest.known(first, steps)
    }

    pub(crate) fn known_datastream_count(&self) -> usize {
        self.latest.count()
    }

    pub(crate) fn range(&self, query: &RangeQuery) -> Result<RangePage, QueryError> {
        self.store.range(query)
    }

    pub(crate) fn observation(
        &self,
        offset: Offset,
        index: u16,
    ) -> Result<Option<StoredObservation>, QueryError> {
        self.store.observation(offset, index)
    }

    pub(crate) fn observation_of(
        &self,
        datastream: DatastreamId,
        time: Timestamp,
        offset: Offset,
        index: u16,
    ) -> Result<Option<StoredObservation>, QueryError> {
        self.store.observation_of(datastream, time, offset, index)
    }

    pub(crate) fn estimate(
        &self,
        datastreams: &[DatastreamId],
        from: Timestamp,
        to: Timestamp,
    ) -> u64 {
        self.store.estimate(datastreams, from, to)
    }

    pub(crate) fn aggregate(&self, query: &AggregateQuery) -> Result<Vec<Bucket>, QueryError> {
        self.store.aggregate(query)
    }

    pub(crate) fn count(
        &self,
        datastream: DatastreamId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<u64, QueryError> {
        self.store.count(datastream, from, to)
    }

    pub(crate) fn extents(
        &self,
        datastreams: &[DatastreamId],
    ) -> Vec<Option<(Timestamp, Timestamp)>> {
        self.store.extents(datastreams)
    }

    pub(crate) fn count_all(&self, datastreams: &[DatastreamId]) -> Result<Vec<u64>, QueryError> {
        self.store.count_all(datastreams)
    }

    // --- exports

    pub(crate) fn observations(
        &self,
        query: &ObservationsQuery,
    ) -> Result<Observations, QueryError> {
        self.store.observations(query)
    }

    pub(crate) fn unchanged(
        &self,
        query: &ObservationsQuery,
        made_from: Footprint,
    ) -> Option<Footprint> {
        self.store.unchanged(query, made_from)
    }

    pub(crate) fn observed_between(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> FxHashSet<DatastreamId> {
        self.store.observed_between(from, to)
    }

    // --- streams and counters

    pub(crate) fn stream(&self, from: StreamStart) -> FrameStream {
        let running = self
            .running
            .get()
            .expect("a stream is asked for after `start`");
        FrameStream::new(&self.live, Arc::clone(&running.log), from)
    }

    pub(crate) fn quarantined(&self, device: &DeviceId, first: Offset, end: Offset) -> Vec<Offset> {
        self.quarantine.offsets(device, first, end)
    }

    pub(crate) fn quarantine(&self, device: &DeviceId) -> Vec<QuarantinedMessage> {
        self.quarantine.of(device)
    }

    pub(crate) fn repeated_since(&self, datastream: DatastreamId, from: Timestamp) -> u64 {
        self.counters.repeats.since(datastream, from)
    }

    /// Without the figures of the log.
    pub(crate) fn stats(&self) -> Stats {
        Stats {
            quarantine_evicted: self.quarantine.evicted(),
            store: self.store.stats(),
            ..self.counters.snapshot()
        }
    }
}

impl Drop for ReadSide {
    fn drop(&mut self) {
        if let Some(running) = self.running.get() {
            running.thread.stop();
        }
        self.store.stop();
    }
}
