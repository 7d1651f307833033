//! The task of one stream: takes frames, writes events, and minds that
//! the caller may still see them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use device_registry::Snapshot;
use domain::{Offset, Qualities};
use http_edge::request::Arrival;
use http_edge::{Problem, error_chain};
use ingest::{AppliedFrame, FrameStream, StreamItem};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::places::StreamPlace;
use super::reader::Reader;
use super::wire::Wire;
use crate::access::Admission;
use crate::params::{DatastreamFilter, FilterQuery, Selected, Viewer};
use crate::state::ApiState;
use crate::views::{
    FlagsView, FrameObservationView, FrameView, GapView, PlaceView, Rfc3339, ValueView,
};

/// Silence after which a comment is sent, so that no proxy gives up.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Events are gathered up to this many bytes before they are handed on.
const CHUNK_BYTES: usize = 64 * 1024;
/// The same where much waits already for readers that take nothing.
const SHORT_CHUNK_BYTES: usize = 4 * 1024;
/// Chunks that wait for a reader; the stream rests at its place in the log
/// until the socket has taken it.
const WAITING_CHUNKS: usize = 1;

/// What a stream shows.
pub(super) struct StreamFilter {
    pub(super) datastreams: DatastreamFilter,
    pub(super) qualities: Qualities,
    /// The same as a query, for the gap event.
    pub(super) query: String,
}

/// Whose a stream is, and what it sees.
pub(super) struct StreamReader {
    viewer: Viewer,
    admission: Admission,
}

impl StreamReader {
    /// Of a stream with the filter `words`. One that names an agency ends with what
    /// that one shares: what others begin and end to share is nothing to it.
    pub(super) fn new(viewer: Viewer, admission: Admission, words: &FilterQuery) -> Self {
        let admission = match &words.agency {
            Some(agency) => admission.for_data_of(&agency.0),
            None => admission,
        };
        Self { viewer, admission }
    }
}

pub(super) struct StreamTask {
    state: ApiState,
    frames: FrameStream,
    admission: Admission,
    viewer: Viewer,
    /// In which the viewer was told who is in shared groups; from there on only
    /// what is otherwise is looked at.
    seen: Option<Arc<Snapshot>>,
    filter: StreamFilter,
    wire: Wire,
    events: mpsc::Sender<Result<Bytes, Infallible>>,
}

impl StreamTask {
    pub(super) fn new(
        state: ApiState,
        frames: FrameStream,
        reader: StreamReader,
        filter: StreamFilter,
        wire: Wire,
    ) -> (Self, mpsc::Receiver<Result<Bytes, Infallible>>) {
        let (events, receiver) = mpsc::channel(WAITING_CHUNKS);
        let task = Self {
            state,
            frames,
            admission: reader.admission,
            viewer: reader.viewer,
            seen: None,
            filter,
            wire,
            events,
        };
        (task, receiver)
    }

    /// Ends when the reader leaves, the platform stops, the caller's right has
    /// gone, or the place is wanted by somebody with fewer.
    pub(super) async fn run(mut self, place: StreamPlace, mut arrival: Arrival) {
        let stopped = async {
            let _ = arrival.stopping.wait_for(|stopping| *stopping).await;
        };
        let (events, state) = (self.events.clone(), self.state.clone());
        let admission = self.admission.clone();
        let reader = Reader::new(arrival.place);
        tokio::select! {
            () = stopped => {}
            () = events.closed() => {}
            () = admission.gone(&state) => {}
            () = place.wanted() => {}
            ended = self.send(&reader, &place) => {
                if let Err(error) = ended {
                    tracing::error!(cause = error_chain(&error), "a stream ended");
                }
            }
        }
    }

    async fn send(
        &mut self,
        reader: &Reader,
        place: &StreamPlace,
    ) -> Result<(), ingest::StreamError> {
        let mut chunk = self.wire.greeting().to_vec();
        let mut silence = tokio::time::interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
        silence.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if !chunk.is_empty() {
                let held = reader.hold(&self.state, std::mem::take(&mut chunk)).await;
                let Ok(held) = held else { return Ok(()) };
                if self.events.send(Ok(held)).await.is_err() {
                    return Ok(());
                }
            }
            // Nothing is made for who has not taken what was.
            if !reader.takes_soon().await {
                self.frames.release();
                // It may take long, and an old state takes memory.
                self.seen = None;
                reader.takes().await;
            }
            let arrived = tokio::select! {
                arrived = self.frames.arrives() => Some(arrived?),
                _ = silence.tick() => None,
            };
            if !self.admission.holds(&self.state) {
                return Ok(());
            }
            // One look at the registry for each chunk; it is a pointer.
            let snapshot = self.state.registry.snapshot();
            // In silence too: what changes meanwhile is then soon looked at.
            if self.follow_groups(&snapshot).await.is_err() {
                return Ok(());
            }
            if arrived.is_none() {
                chunk.extend_from_slice(self.wire.keep_alive());
                continue;
            }
            let state = self.state.clone();
            let _turn = place.turn(&state.streams).await;
            // A disk that is slow holds up none of this runtime's other tasks.
            if self.frames.reads_files() {
                tokio::task::block_in_place(|| self.fill(&mut chunk, &snapshot))?;
            } else {
                self.fill(&mut chunk, &snapshot)?;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Where groups are shared, others may be in them since the last look.
    async fn follow_groups(&mut self, snapshot: &Arc<Snapshot>) -> Result<(), Problem> {
        let seen = self.seen.as_ref();
        if self.admission.follows_groups() && !seen.is_some_and(|seen| Arc::ptr_eq(seen, snapshot))
        {
            self.viewer = self.state.viewer(snapshot, &self.admission).await?;
            self.seen = Some(Arc::clone(snapshot));
        }
        Ok(())
    }

    /// Gathers what is there, as much as a chunk takes.
    fn fill(
        &mut self,
        chunk: &mut Vec<u8>,
        snapshot: &Snapshot,
    ) -> Result<(), ingest::StreamError> {
        let full = if self.state.edge.unsent().is_scarce() {
            SHORT_CHUNK_BYTES
        } else {
            CHUNK_BYTES
        };
        // A filter that lets little pass must not keep the thread.
        for _ in 0..MAX_FRAMES_A_TURN {
            match self.frames.try_next()? {
                Some(item) => self.write(chunk, snapshot, &item),
                None => break,
            }
            if chunk.len() >= full {
                break;
            }
        }
        self.frames.release_if_many_lag();
        Ok(())
    }

    fn write(&self, chunk: &mut Vec<u8>, snapshot: &Snapshot, item: &StreamItem) {
        match item {
            StreamItem::Frame(frame) => {
                if let Some(view) = self.view(snapshot, frame) {
                    self.wire.frame(chunk, &view);
                }
            }
            StreamItem::Gap { from, to } => {
                let (from, to) = (from.get(), to.get() + 1);
                let separator = if self.filter.query.is_empty() {
                    ""
                } else {
                    "?"
                };
                let view = GapView {
                    from_offset: from,
                    to_offset: to,
                    datastreams: format!("/v1/datastreams{separator}{}", self.filter.query),
                    fill: format!(
                        "/v1/datastreams/{{id}}/observations?from_offset={from}&to_offset={to}"
                    ),
                    export: "/v1/export/{date}",
                };
                self.wire.gap(chunk, Offset::new(to - 1), &view);
            }
        }
    }

    /// The frame as this caller may see it; `None` where nothing passes.
    fn view<'a>(&self, snapshot: &'a Snapshot, frame: &'a AppliedFrame) -> Option<FrameView<'a>> {
        let mut view: Option<FrameView<'a>> = None;
        for stored in &frame.observations {
            if !self.filter.qualities.contains(stored.quality) {
                continue;
            }
            let Some(datastream) = snapshot.datastream(stored.datastream) else {
                continue;
            };
            let filter = &self.filter.datastreams;
            if !self.viewer.sees(&datastream) || !filter.names(&datastream) {
                continue;
            }
            let selected = Selected::new(snapshot, &self.viewer, datastream);
            let place = selected.place_of(&self.viewer, stored);
            if !filter.covers(place) {
                continue;
            }
            let location = place.map(PlaceView::from);
            let view = view.get_or_insert_with(|| FrameView {
                offset: frame.offset.get(),
                result_time: Rfc3339(frame.received),
                device: frame.device.as_str(),
                thing: datastream.thing.as_str(),
                agency: datastream.agency.as_str(),
                domain: datastream.model.domain(),
                model: datastream.model.as_str(),
                location,
                assurance: frame.assurance.as_str(),
                gateway: frame
                    .gateway
                    .as_ref()
                    .filter(|_| self.viewer.owns(datastream.agency))
                    .map(domain::DeviceId::as_str),
                observations: Vec::with_capacity(frame.observations.len()),
            });
            view.observations.push(FrameObservationView {
                datastream: datastream.id.get(),
                field: datastream.field.as_str(),
                unit: datastream.unit,
                phenomenon_time: Rfc3339(stored.time),
                value: ValueView(stored.value.as_ref()),
                quality: stored.quality.as_str(),
                revision: stored.revision,
                flags: FlagsView(stored.flags),
                location: location.filter(|_| location != view.location),
            });
        }
        view
    }
}

/// Frames looked at before the thread is given to others.
const MAX_FRAMES_A_TURN: usize = 1_024;
