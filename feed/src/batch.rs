//! Frames gathered into one request.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use device_registry::{Datastream, Registry, Snapshot, Visibility};
use domain::payload::MAX_OBSERVATIONS;
use domain::{DatastreamId, Offset, Timestamp};
use ingest::{AppliedFrame, StoredObservation};

use crate::config::Selection;
use crate::line::{Line, MAX_LINE_BYTES};

/// The most lines of a batch: what InfluxDB recommends.
pub(crate) const MAX_LINES: usize = 5_000;
/// The most bytes of a batch before it is compressed: 1.25 MiB.
pub(crate) const MAX_BYTES: usize = 5 << 18;
/// How long a batch waits for company after its first line.
const LINGER: Duration = Duration::from_secs(1);
/// The most frames that are looked at for one batch, wanted or not: some tens
/// of milliseconds.
const MAX_FRAMES: usize = 65_536;
// A frame is never divided.
const _: () = assert!(MAX_OBSERVATIONS <= MAX_LINES);
const _: () = assert!(MAX_OBSERVATIONS * MAX_LINE_BYTES <= MAX_BYTES);

/// How far the log was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Position {
    /// Everything up to it is sent, or is not to be.
    pub(crate) offset: Offset,
    /// When that frame was received.
    pub(crate) received: Timestamp,
}

/// Lines of whole frames, and how far they reach.
pub(crate) struct Batch {
    text: Vec<u8>,
    /// The end of each line in `text`.
    ends: Vec<usize>,
    /// Of each line.
    datastreams: Vec<DatastreamId>,
    begins: Offset,
    reaches: Position,
    frames: usize,
    /// When the first line came.
    begun: Option<Instant>,
}

impl Batch {
    pub(crate) fn after(position: Position) -> Self {
        Self {
            text: Vec::new(),
            ends: Vec::new(),
            datastreams: Vec::new(),
            begins: position.offset,
            reaches: position,
            frames: 0,
            begun: None,
        }
    }

    /// Takes a frame's lines as a whole, or nothing where they do not fit.
    pub(crate) fn add(&mut self, frame: &AppliedFrame, datastreams: &mut Datastreams) -> bool {
        let taken = self.add_lines(&frame.observations, datastreams);
        if taken {
            self.reaches = Position {
                offset: frame.offset,
                received: frame.received,
            };
        }
        taken
    }

    /// Takes observations, at most [`MAX_OBSERVATIONS`], that stand for no
    /// frame as a whole; or nothing where they do not fit.
    pub(crate) fn add_lines(
        &mut self,
        observations: &[StoredObservation],
        datastreams: &mut Datastreams,
    ) -> bool {
        let (bytes, lines) = (self.text.len(), self.ends.len());
        if lines + observations.len() > MAX_LINES {
            return false;
        }
        for observation in observations {
            if let Some(datastream) = datastreams.wanted(observation.datastream) {
                Line::of(&datastream, observation).write(&mut self.text);
                self.ends.push(self.text.len());
                self.datastreams.push(datastream.id);
            }
        }
        if self.text.len() > MAX_BYTES {
            self.text.truncate(bytes);
            self.ends.truncate(lines);
            self.datastreams.truncate(lines);
            return false;
        }
        if !self.ends.is_empty() && self.begun.is_none() {
            self.begun = Some(Instant::now());
        }
        self.frames += 1;
        true
    }

    /// The frames up to `last` are gone: there is nothing to send of them.
    pub(crate) fn skip_to(&mut self, last: Offset) {
        self.reaches.offset = self.reaches.offset.max(last);
    }

    pub(crate) fn reaches(&self) -> Position {
        self.reaches
    }

    /// The offset after which it begins, and the last that it reaches.
    pub(crate) fn span(&self) -> (Offset, Offset) {
        (self.begins, self.reaches.offset)
    }

    pub(crate) fn lines(&self) -> usize {
        self.ends.len()
    }

    /// The text of some of the lines.
    pub(crate) fn text(&self, lines: Range<usize>) -> &[u8] {
        let start = lines.start.checked_sub(1).map_or(0, |at| self.ends[at]);
        let end = lines.end.checked_sub(1).map_or(0, |at| self.ends[at]);
        &self.text[start..end]
    }

    /// The text of one line.
    pub(crate) fn line(&self, line: usize) -> &[u8] {
        self.text(line..line + 1)
    }

    /// What one line is of.
    pub(crate) fn datastream(&self, line: usize) -> DatastreamId {
        self.datastreams[line]
    }

    pub(crate) fn is_full(&self) -> bool {
        self.ends.len() == MAX_LINES || self.text.len() >= MAX_BYTES || self.frames >= MAX_FRAMES
    }

    /// How long it may still wait for company.
    pub(crate) fn linger(&self) -> Duration {
        self.begun
            .map_or(LINGER, |begun| LINGER.saturating_sub(begun.elapsed()))
    }
}

/// The datastreams as they are now, by number.
pub(crate) struct Datastreams {
    registry: Arc<Registry>,
    snapshot: Arc<Snapshot>,
    selection: Selection,
}

impl Datastreams {
    pub(crate) fn new(registry: Arc<Registry>, selection: Selection) -> Self {
        Self {
            snapshot: registry.snapshot(),
            registry,
            selection,
        }
    }

    /// Takes changed rights in: before each batch.
    pub(crate) fn refresh(&mut self) {
        self.snapshot = self.registry.snapshot();
    }

    /// The numbers of all that are sent.
    pub(crate) fn all(&self) -> Vec<DatastreamId> {
        self.snapshot
            .datastreams(DatastreamId::new(0))
            .filter(|datastream| self.sends(datastream))
            .map(|datastream| datastream.id)
            .collect()
    }

    /// Those of the same thing that are sent, this one first.
    pub(crate) fn of_the_thing_of(&self, id: DatastreamId) -> Vec<Datastream<'_>> {
        let first = self.snapshot.datastream(id);
        let thing = first.and_then(|first| self.snapshot.thing_of(&first));
        let all = thing.into_iter().flat_map(|thing| thing.datastreams.iter());
        let others = all.filter(|other| other.id != id);
        first
            .into_iter()
            .chain(others)
            .filter(|datastream| self.sends(datastream))
            .collect()
    }

    fn wanted(&mut self, id: DatastreamId) -> Option<Datastream<'_>> {
        if self.snapshot.datastream(id).is_none() {
            // Registered since the batch was begun.
            self.refresh();
        }
        let datastream = self.snapshot.datastream(id)?;
        self.sends(&datastream).then_some(datastream)
    }

    fn sends(&self, datastream: &Datastream<'_>) -> bool {
        match self.selection {
            Selection::Public => datastream.visibility == Visibility::Public,
            Selection::All => true,
        }
    }
}
