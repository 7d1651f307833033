//! Other lines of the thing of a line at which the store fails: what the platform
//! has of the thing, for where this process has sent none or has forgotten it.

use domain::{DatastreamId, Timestamp};
use ingest::{Ingest, RangeQuery, StoredObservation};

use crate::batch::Datastreams;
use crate::line::{Line, parts};

/// Lines that are tried for one.
const MAX_LINES: usize = 8;
/// How long before the line the one before it is looked for, in microseconds: an
/// hour, a day, a month. Older ones the store may not take any more.
const SPANS: [i64; 3] = [3_600_000_000, 86_400_000_000, 2_592_000_000_000];

pub(crate) struct Others<'a> {
    pub(crate) ingest: &'a Ingest,
    pub(crate) datastreams: &'a Datastreams,
}

impl Others<'_> {
    /// Lines of the same series at other points, those of the same field first.
    /// Each has the value that is in force, so that sending it undoes no
    /// correction; whether the store took it before is not known.
    pub(crate) fn of_the_thing_of(&self, line: &[u8], datastream: DatastreamId) -> Vec<Vec<u8>> {
        let time = std::str::from_utf8(parts::time(line)).map(str::parse);
        let Ok(Ok(time)) = time else {
            return Vec::new();
        };
        let is_of_same_point = |other: &[u8]| {
            parts::field(other) == parts::field(line) && parts::time(other) == parts::time(line)
        };
        let mut found = Vec::new();
        for other in self.datastreams.of_the_thing_of(datastream) {
            let before = self.before(other.id, time);
            for observation in before.iter().chain(&self.ingest.latest(other.id)) {
                let mut text = Vec::new();
                Line::of(&other, observation).write(&mut text);
                if parts::series(&text) == parts::series(line) && !is_of_same_point(&text) {
                    found.push(text);
                }
            }
            if found.len() >= MAX_LINES {
                break;
            }
        }
        found.truncate(MAX_LINES);
        found
    }

    fn before(&self, datastream: DatastreamId, time: i64) -> Option<StoredObservation> {
        SPANS.iter().find_map(|span| {
            let from = Timestamp::from_micros(time.saturating_sub(*span));
            let page = self.ingest.range(&RangeQuery {
                limit: 1,
                ..RangeQuery::new(datastream, from, Timestamp::from_micros(time))
            });
            match page {
                Ok(page) => page.observations.into_iter().next(),
                Err(error) => {
                    tracing::warn!(%error, "another line of a thing cannot be looked for");
                    None
                }
            }
        })
    }
}
