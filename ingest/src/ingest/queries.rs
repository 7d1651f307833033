//! What can be asked of the data plane. `range`, `observation`, `aggregate`, `count`
//! and `count_all` block for file I/O.

use domain::{Cells, DatastreamId, Offset, Timestamp};
use frame_log::Frame;
use observation_store::{
    AggregateQuery, Bucket, KnownDatastreams, Observations, ObservationsQuery, QueryError,
    RangePage, RangeQuery, StoredObservation,
};

use super::{Ingest, Inner};

impl Ingest {
    /// The observation with the greatest phenomenon time.
    pub fn latest(&self, datastream: DatastreamId) -> Option<StoredObservation> {
        self.inner.read.latest(datastream)
    }

    /// Appends those of `datastreams` that there are, all of one moment: ask for a
    /// few hundred at once, since the writer waits.
    pub fn latest_of_each(
        &self,
        datastreams: impl Iterator<Item = DatastreamId>,
        found: &mut Vec<StoredObservation>,
    ) {
        self.inner.read.latest_of_each(datastreams, found);
    }

    /// Appends the datastreams whose latest observation itself says that it was
    /// made in one of `cells`, until `found` has more than `most`. In no order.
    pub fn located_datastreams(&self, cells: &Cells, most: usize, found: &mut Vec<DatastreamId>) {
        self.inner.read.located_datastreams(cells, most, found);
    }

    /// The datastreams from `first` on that have a latest observation: what is
    /// found in at most `steps` steps.
    pub fn known_datastreams(&self, first: DatastreamId, steps: usize) -> KnownDatastreams {
        self.inner.read.known_datastreams(first, steps)
    }

    /// How many datastreams have a latest observation.
    pub fn known_datastream_count(&self) -> usize {
        self.inner.read.known_datastream_count()
    }

    /// One page of a datastream's observations.
    pub fn range(&self, query: &RangeQuery) -> Result<RangePage, QueryError> {
        self.inner.read.range(query)
    }

    /// The observation at place `index` of message `offset`, if it is the newest
    /// revision of its time: one that was corrected is in no other answer either,
    /// and the correction has a place of its own.
    ///
    /// Where the log still has the message, that costs one look into it; where it
    /// has not, a search of a column of the files of about that day: some
    /// nanoseconds for each of their rows.
    pub fn observation(
        &self,
        offset: Offset,
        index: u16,
    ) -> Result<Option<StoredObservation>, QueryError> {
        if offset > self.applied_offset() {
            return Ok(None);
        }
        let read = &self.inner.read;
        let Some(Frame::Telemetry(frame)) = self.inner.logged(offset) else {
            return read.observation(offset, index);
        };
        let mut observations = frame.observations.iter();
        match observations.find(|observation| observation.index == index) {
            Some(about) => read.observation_of(about.datastream, about.time, offset, index),
            None => Ok(None),
        }
    }

    /// About how many rows of `datastreams` lie between two times: what a question
    /// would read, told from the indexes without reading it. One request may read
    /// [`MAX_ROWS_READ`](crate::MAX_ROWS_READ).
    pub fn estimate(&self, datastreams: &[DatastreamId], from: Timestamp, to: Timestamp) -> u64 {
        self.inner.read.estimate(datastreams, from, to)
    }

    /// Statistics over buckets of time.
    pub fn aggregate(&self, query: &AggregateQuery) -> Result<Vec<Bucket>, QueryError> {
        self.inner.read.aggregate(query)
    }

    /// How many observations there are between two times, in their newest
    /// revision.
    pub fn count(
        &self,
        datastream: DatastreamId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<u64, QueryError> {
        self.inner.read.count(datastream, from, to)
    }

    /// How many observations each of `datastreams` has, in their order, in their
    /// newest revisions. Told by indexes but for datastreams of which rows overlap,
    /// or were corrected since the last compaction: these are read, once for each
    /// state of the store.
    pub fn count_all(&self, datastreams: &[DatastreamId]) -> Result<Vec<u64>, QueryError> {
        self.inner.read.count_all(datastreams)
    }

    /// The first and the last phenomenon time of each of `datastreams`, in their
    /// order, from memory; `None` where one has no observation.
    pub fn extents(&self, datastreams: &[DatastreamId]) -> Vec<Option<(Timestamp, Timestamp)>> {
        self.inner.read.extents(datastreams)
    }

    /// The newest revisions of many datastreams over a time, in order of
    /// datastream and time: one state of the store, in bounded memory, without
    /// the limit of a request.
    pub fn observations(&self, query: &ObservationsQuery) -> Result<Observations, QueryError> {
        self.inner.read.observations(query)
    }
}

impl Inner {
    /// The message, if the log still has it.
    fn logged(&self, offset: Offset) -> Option<Frame> {
        if offset < self.log.first_offset() {
            return None;
        }
        let frame = self.log.frames(offset).next()?.ok()?;
        let Frame::Telemetry(telemetry) = &frame;
        (telemetry.offset == offset).then_some(frame)
    }
}
