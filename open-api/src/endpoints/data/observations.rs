//! `/v1/datastreams/{id}/observations`: what was observed between two times.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::{DatastreamId, Qualities, Timestamp};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor};
use http_edge::request::{Limit, Query, Text};
use ingest::{QueryError, RangeQuery, StoredObservation};
use serde::Deserialize;
use utoipa::IntoParams;

use super::datastreams::find;
use crate::params::{QualityNames, Time, Viewer, qualities};
use crate::state::{ApiState, Shared};
use crate::views::ObservationView;

/// Observations that one request looks through for those between two offsets; a
/// page may then be short, and `next` goes on.
const MAX_SCANNED: usize = 200_000;
/// Of those, how many are read at once.
const SCAN_STEP: usize = 10_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ObservationsQuery {
    /// Phenomenon time, RFC 3339 with an offset; inclusive.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// Phenomenon time; exclusive.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Time>,
    /// What was known then: only what was received by that time counts, to the
    /// millisecond.
    #[param(value_type = Option<String>, format = DateTime)]
    as_of: Option<Time>,
    /// Only what came at or after this offset: fills a stream's gap.
    from_offset: Option<u64>,
    /// Only what came before this offset.
    to_offset: Option<u64>,
    /// Only observations of these qualities: `good`, `uncertain`, `bad`,
    /// `missing`, with commas between.
    #[param(value_type = Option<String>, example = "good")]
    quality: Option<Text<QualityNames>>,
    /// With `true` the answer has a `count` too: of all observations between
    /// `from` and `to`, each time once, whatever the page holds.
    count: Option<bool>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// The observations of a datastream, oldest first, each time once in its
/// newest revision.
#[utoipa::path(get, path = "/v1/datastreams/{id}/observations", tag = "data",
    params(("id" = u32, Path, description = "The datastream's number"), ObservationsQuery),
    responses((status = 200, body = List<ObservationView>), (status = 404, description = "There is none, or it is restricted")))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<ObservationsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let snapshot = state.settled().await;
    let datastream = find(&snapshot, &viewer, &id)?;
    let question = Question::new(datastream.id, &query)?;
    let (page, count) = state
        .reading(move |shared| {
            let count = question.count(shared)?;
            Ok((question.read(shared)?, count))
        })
        .await?
        .map_err(|error| query_problem(&error))?;
    let thing = snapshot.thing(datastream.thing.as_str());
    let views = page
        .observations
        .iter()
        .map(|stored| {
            let stood = || thing.and_then(|thing| thing.location_at(stored.time));
            let place = viewer.place(&datastream, stored.location.or_else(stood));
            ObservationView::new(stored, place)
        })
        .collect();
    let last = page.goes_on_after.map(Timestamp::as_micros);
    Ok(request.counted_page(views, last.as_ref(), count))
}

struct Question {
    range: RangeQuery,
    from_offset: u64,
    to_offset: u64,
    counts: bool,
}

struct Page {
    observations: Vec<StoredObservation>,
    /// The next page begins after it.
    goes_on_after: Option<Timestamp>,
}

impl Question {
    fn new(datastream: DatastreamId, query: &ObservationsQuery) -> Result<Self, Problem> {
        let from = query.from.map_or(Timestamp::MIN, |time| time.0);
        let to = query.to.map_or(Timestamp::MAX, |time| time.0);
        if from > to {
            return Err(Problem::parameter("from lies after to"));
        }
        let after: Option<i64> = read_cursor(query.cursor.as_deref())?;
        let counts = query.count == Some(true);
        if counts
            && (query.as_of.is_some()
                || query.from_offset.is_some()
                || query.to_offset.is_some()
                || query.quality.is_some())
        {
            return Err(Problem::parameter(
                "count=true counts what stands now, by time: leave as_of, from_offset, to_offset and quality out",
            ));
        }
        Ok(Self {
            counts,
            range: RangeQuery {
                as_of: query.as_of.map(|time| time.0),
                limit: query
                    .limit
                    .as_ref()
                    .map_or(Limit::default(), |limit| limit.0)
                    .0,
                after: after.map(Timestamp::from_micros),
                qualities: qualities(query.quality.as_ref(), Qualities::ALL),
                ..RangeQuery::new(datastream, from, to)
            },
            from_offset: query.from_offset.unwrap_or(0),
            to_offset: query.to_offset.unwrap_or(u64::MAX),
        })
    }

    /// Read from the indexes, where the times were not corrected.
    fn count(&self, shared: &Shared) -> Result<Option<u64>, QueryError> {
        if !self.counts {
            return Ok(None);
        }
        let RangeQuery {
            datastream,
            from,
            to,
            ..
        } = self.range;
        shared.ingest.count(datastream, from, to).map(Some)
    }

    fn read(self, shared: &Shared) -> Result<Page, QueryError> {
        if self.from_offset == 0 && self.to_offset == u64::MAX {
            let page = shared.ingest.range(&self.range)?;
            let last = page.observations.last().filter(|_| page.more);
            return Ok(Page {
                goes_on_after: last.map(|last| last.time),
                observations: page.observations,
            });
        }
        self.scan(shared)
    }

    fn passes(&self, stored: &StoredObservation) -> bool {
        (self.from_offset..self.to_offset).contains(&stored.offset.get())
    }

    /// The store is in order of time, so offsets are looked for one by one.
    fn scan(mut self, shared: &Shared) -> Result<Page, QueryError> {
        let limit = std::mem::replace(&mut self.range.limit, SCAN_STEP);
        let mut kept = Vec::new();
        let mut scanned = 0;
        loop {
            let page = shared.ingest.range(&self.range)?;
            scanned += page.observations.len();
            for stored in page.observations {
                self.range.after = Some(stored.time);
                if !self.passes(&stored) {
                    continue;
                }
                if kept.len() == limit {
                    let last = kept.last().map(|last: &StoredObservation| last.time);
                    return Ok(Page {
                        observations: kept,
                        goes_on_after: last,
                    });
                }
                kept.push(stored);
            }
            if !page.more || scanned >= MAX_SCANNED {
                return Ok(Page {
                    observations: kept,
                    goes_on_after: self.range.after.filter(|_| page.more),
                });
            }
        }
    }
}

/// What the caller can mend is told; what only the operator can is logged.
pub(super) fn query_problem(error: &QueryError) -> Problem {
    match error {
        QueryError::Read(_) => Problem::internal(error),
        QueryError::TooMuch { .. }
        | QueryError::TooManyValues { .. }
        | QueryError::Boundaries
        | QueryError::Percentile(_) => Problem::parameter(error.to_string()),
    }
}
