//! Observations of many datastreams, one after the other: in order of number,
//! and within each in order of time.
//!
//! Constraints: a thousand observations at most are in memory; each step sees
//! the registry as it is then, so that what is restricted meanwhile does not
//! come; a place in the walk stays where it is, whatever arrives.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

use device_registry::Snapshot;
use domain::{DatastreamId, Location, Timestamp};
use ingest::{QueryError, RangeQuery, StoredObservation};

use crate::params::{DatastreamFilter, Selected, Viewer};
use crate::state::Shared;

/// Observations that are read at once.
const ROWS_AT_ONCE: usize = 1_000;

/// An observation that passes, and where it was made, as the viewer sees it.
pub(super) struct Found {
    pub(super) stored: StoredObservation,
    pub(super) place: Option<Location>,
}

/// What a taker says of the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    /// It is taken, and there is room for more.
    GoOn,
    /// It is taken: enough for now.
    Enough,
}

/// After which observation a page begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cursor {
    pub(super) datastream: DatastreamId,
    pub(super) time: Timestamp,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.datastream.get(), self.time.as_micros())
    }
}

impl FromStr for Cursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Without a dot, the time is no number.
        let (datastream, time) = text.split_once('.').unwrap_or((text, ""));
        Ok(Self {
            datastream: DatastreamId::new(datastream.parse()?),
            time: Timestamp::from_micros(time.parse()?),
        })
    }
}

/// A walk that may rest between two steps.
pub(super) struct Walk {
    /// In order of number, from the one that it is at.
    datastreams: VecDeque<DatastreamId>,
    /// Asked of each of them; `after` is the place in the first one.
    question: RangeQuery,
    filter: DatastreamFilter,
    viewer: Viewer,
    /// Read and not yet given.
    ready: VecDeque<StoredObservation>,
    /// The first datastream has no more than what is ready.
    is_read: bool,
}

impl Walk {
    /// Through `datastreams`, in order of number, which the viewer sees and the
    /// filter names.
    pub(super) fn new(
        datastreams: VecDeque<DatastreamId>,
        question: RangeQuery,
        filter: DatastreamFilter,
        viewer: Viewer,
    ) -> Self {
        Self {
            datastreams,
            question,
            filter,
            viewer,
            ready: VecDeque::new(),
            is_read: false,
        }
    }

    /// Gives observations away until `take` has enough; whether it has come to
    /// the end.
    pub(super) fn go_on(
        &mut self,
        shared: &Shared,
        snapshot: &Snapshot,
        mut take: impl FnMut(Selected<'_>, Found) -> Taken,
    ) -> Result<bool, QueryError> {
        while let Some(id) = self.datastreams.front().copied() {
            let datastream = snapshot.datastream(id);
            let datastream = datastream.filter(|datastream| self.viewer.sees(datastream));
            let Some(datastream) = datastream else {
                self.leave();
                continue;
            };
            let selected = Selected::new(snapshot, &self.viewer, datastream);
            while let Some(stored) = self.next(shared, id)? {
                let place = selected.place_of(&self.viewer, &stored);
                if self.filter.covers(place)
                    && take(selected, Found { stored, place }) == Taken::Enough
                {
                    return Ok(false);
                }
            }
            self.leave();
        }
        Ok(true)
    }

    /// Of the first datastream, the next observation.
    fn next(
        &mut self,
        shared: &Shared,
        datastream: DatastreamId,
    ) -> Result<Option<StoredObservation>, QueryError> {
        while self.ready.is_empty() && !self.is_read {
            self.question.datastream = datastream;
            let page = shared.ingest.range(&self.question)?;
            self.question.after = page.observations.last().map(|last| last.time);
            self.is_read = !page.more;
            self.ready = page.observations.into();
        }
        Ok(self.ready.pop_front())
    }

    fn leave(&mut self) {
        self.datastreams.pop_front();
        self.ready.clear();
        (self.question.after, self.is_read) = (None, false);
    }
}

/// Observations to read at once for who wants `most` of them.
pub(super) fn rows_at_once(most: usize) -> usize {
    most.min(ROWS_AT_ONCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_what_it_writes() {
        let cursor = Cursor {
            datastream: DatastreamId::new(7),
            time: Timestamp::from_micros(-1),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "7", "7.", ".7", "x.1", "7.x", "7.1.1", "-7.1"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
