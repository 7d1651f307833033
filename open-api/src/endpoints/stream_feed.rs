//! The task behind one stream: takes frames, writes events, and minds that
//! the caller may still see them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use device_registry::Snapshot;
use domain::Offset;
use ingest::{AppliedFrame, FrameStream, StreamItem};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use super::stream_wire::Wire;
use crate::access::Caller;
use crate::params::{DatastreamFilter, Selected, Viewer};
use crate::problem::{Problem, error_chain};
use crate::problem_kind::ProblemKind;
use crate::quota::Account;
use crate::state::ApiState;
use crate::views::{
    FlagsView, FrameObservationView, FrameView, GapView, PlaceView, Rfc3339, ValueView,
};

/// Streams at once, of all callers.
const MAX_STREAMS: usize = 4_096;
/// Streams at once on one account: a key, or an address without one.
const MAX_STREAMS_AN_ACCOUNT: usize = 64;
/// Of operators, who share one account.
const MAX_STREAMS_OF_OPERATORS: usize = 512;
/// Silence after which a comment is sent, so that no proxy gives up.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Events are gathered up to this many bytes before they are handed on.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that wait for a slow reader; behind them the stream waits.
const WAITING_CHUNKS: usize = 2;

/// The streams that stand, by account.
#[derive(Default)]
pub(crate) struct Streams {
    open: Arc<Mutex<HashMap<Account, usize>>>,
}

/// One stream's place among them; given back when it is dropped.
pub(super) struct Place {
    open: Arc<Mutex<HashMap<Account, usize>>>,
    account: Account,
}

impl Streams {
    pub(super) fn take(&self, account: Account) -> Result<Place, Problem> {
        let mut open = self.open.lock();
        let most = match account {
            Account::Operator => MAX_STREAMS_OF_OPERATORS,
            Account::Address(_) | Account::Key(_) | Account::Device(_) => MAX_STREAMS_AN_ACCOUNT,
        };
        if open.values().sum::<usize>() >= MAX_STREAMS {
            return Err(
                Problem::new(ProblemKind::Unavailable, "Too many streams are open.")
                    .retry_after(30),
            );
        }
        let count = open.entry(account.clone()).or_default();
        if *count >= most {
            return Err(Problem::new(
                ProblemKind::QuotaExceeded,
                format!("{most} streams are open already; close one."),
            )
            .retry_after(10));
        }
        *count += 1;
        drop(open);
        Ok(Place {
            open: Arc::clone(&self.open),
            account,
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.open.lock().values().sum()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        if let Some(count) = open.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.account);
            }
        }
    }
}

/// What a stream shows.
pub(super) struct FeedFilter {
    pub(super) datastreams: DatastreamFilter,
    /// The same as a query, for the gap event.
    pub(super) query: String,
}

pub(super) struct Feed {
    state: ApiState,
    frames: FrameStream,
    caller: Caller,
    viewer: Viewer,
    filter: FeedFilter,
    wire: Wire,
    events: mpsc::Sender<Result<Bytes, Infallible>>,
}

impl Feed {
    pub(super) fn new(
        state: ApiState,
        frames: FrameStream,
        caller: Caller,
        filter: FeedFilter,
        wire: Wire,
    ) -> (Self, mpsc::Receiver<Result<Bytes, Infallible>>) {
        let (events, receiver) = mpsc::channel(WAITING_CHUNKS);
        let feed = Self {
            viewer: caller.viewer(),
            state,
            frames,
            caller,
            filter,
            wire,
            events,
        };
        (feed, receiver)
    }

    /// Ends when the reader leaves, the platform stops, or the caller's right
    /// has gone.
    pub(super) async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        let stopped = async {
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        let events = self.events.clone();
        tokio::select! {
            () = stopped => {}
            () = events.closed() => {}
            ended = self.feed() => {
                if let Err(error) = ended {
                    tracing::error!(cause = error_chain(&error), "a stream ended");
                }
            }
        }
    }

    async fn feed(&mut self) -> Result<(), ingest::StreamError> {
        let mut chunk = self.wire.greeting().to_vec();
        let mut silence = tokio::time::interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
        silence.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if !chunk.is_empty() {
                let bytes = Bytes::from(std::mem::take(&mut chunk));
                if self.events.send(Ok(bytes)).await.is_err() {
                    return Ok(());
                }
            }
            let first = tokio::select! {
                item = self.frames.next() => Some(item?),
                _ = silence.tick() => None,
            };
            // One look at the registry for each chunk; it is a pointer.
            let snapshot = self.state.registry.snapshot();
            if !self.still_admitted(&snapshot) {
                return Ok(());
            }
            let Some(mut item) = first else {
                chunk.extend_from_slice(self.wire.keep_alive());
                continue;
            };
            // A filter that lets little pass must not keep the thread.
            for _ in 0..MAX_FRAMES_A_TURN {
                self.write(&mut chunk, &snapshot, &item);
                if chunk.len() >= CHUNK_BYTES {
                    break;
                }
                match self.frames.try_next()? {
                    Some(next) => item = next,
                    None => break,
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// A revoked key or an ended session ends its streams.
    fn still_admitted(&self, snapshot: &Snapshot) -> bool {
        let now = self.state.now();
        match &self.caller {
            Caller::Anonymous | Caller::Operator { until: None } => true,
            Caller::Operator { until: Some(until) } => now < *until,
            Caller::Application(key) => snapshot
                .api_key(key.id.as_str())
                .is_some_and(|key| key.live(now)),
        }
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
            let Some(datastream) = snapshot.datastream(stored.datastream) else {
                continue;
            };
            let filter = &self.filter.datastreams;
            if !self.viewer.sees(datastream) || !filter.names(datastream) {
                continue;
            }
            let selected = Selected::new(snapshot, self.viewer, datastream);
            let place = selected.place_of(self.viewer, stored);
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
                    .filter(|_| self.viewer.owns())
                    .map(domain::DeviceId::as_str),
                observations: Vec::with_capacity(frame.observations.len()),
            });
            view.observations.push(FrameObservationView {
                datastream: datastream.id.get(),
                field: datastream.field.as_str(),
                unit: datastream.unit.as_deref(),
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
