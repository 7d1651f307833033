//! `/v1/latest`: the newest observation of each datastream, from memory.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use device_registry::Snapshot;
use domain::{DatastreamId, Qualities};
use http_edge::Problem;
use http_edge::reply::ListRequest;
use http_edge::request::{Limit, Text};
use ingest::StoredObservation;
use serde::Deserialize;
use utoipa::IntoParams;

use super::datastreams::first_after;
use crate::params::{
    DatastreamFilter, FilterQuery, Filtered, MOST_AT_ONCE, QualityNames, Viewer, most_candidates,
    qualities,
};
use crate::state::{ApiState, Shared};
use crate::views::{LatestListSchema, LatestPage, LatestView};

/// Entries that are read of the table under one lock.
const ENTRIES_AT_ONCE: usize = 256;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LatestQuery {
    /// Only observations of these qualities: `good`, `uncertain`, `bad`,
    /// `missing`, with commas between.
    #[param(value_type = Option<String>, example = "good")]
    quality: Option<Text<QualityNames>>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// The newest observation of each datastream, by phenomenon time.
#[utoipa::path(get, path = "/v1/latest", tag = "data", params(FilterQuery, LatestQuery),
    responses((status = 200, body = LatestListSchema)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Filtered(words, query): Filtered<LatestQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let question = Question {
        first: first_after(query.cursor.as_deref())?,
        limit: query.limit.map_or(Limit::default(), |limit| limit.0).0,
        qualities: qualities(query.quality.as_ref(), Qualities::ALL),
        viewer: viewer.clone(),
    };
    let snapshot = state.settled().await;
    let filter = state.filter(&snapshot, &viewer, &words).await?;
    let few = filter.observed_nearby(&snapshot, &state.ingest, &viewer, MOST_AT_ONCE);
    let is_short = filter.is_short() || few.is_some();
    let registry = Arc::clone(&snapshot);
    let (is_empty, page) = state
        .scanning_unless(is_short, move |shared| {
            question.answer(shared, &registry, &filter, few, &request)
        })
        .await?;
    if is_empty {
        state.check_words(&snapshot, &viewer, &words).await?;
    }
    Ok(page)
}

struct Question {
    first: DatastreamId,
    limit: usize,
    qualities: Qualities,
    viewer: Viewer,
}

impl Question {
    /// A page, and whether it is empty. `few` are the only ones that can pass, if
    /// these are known already.
    fn answer(
        &self,
        shared: &Shared,
        snapshot: &Snapshot,
        filter: &DatastreamFilter,
        few: Option<Vec<DatastreamId>>,
        request: &ListRequest,
    ) -> (bool, Response) {
        // Read before the table: what is applied meanwhile comes twice, not never.
        let offset = shared.ingest.applied_offset();
        let look = Look {
            question: self,
            shared,
            snapshot,
            filter,
        };
        let mut page = LatestPage::new(request.form, self.limit);
        let nearby = few.or_else(|| {
            let most = most_candidates(snapshot.datastream_bound(), self.limit);
            filter.observed_nearby(snapshot, &shared.ingest, &self.viewer, most)
        });
        let nearby = || nearby.map(Cow::Owned);
        let _ = match filter.named(snapshot).or_else(nearby) {
            Some(some) => look.at_some(&some, &mut page),
            None => look.at_all(&mut page),
        };
        (page.is_empty(), page.finish(&request.url, offset))
    }
}

/// Looks at datastreams in order of number until a page is full.
struct Look<'a> {
    question: &'a Question,
    shared: &'a Shared,
    snapshot: &'a Snapshot,
    filter: &'a DatastreamFilter,
}

impl Look<'_> {
    fn at_some(&self, some: &[DatastreamId], page: &mut LatestPage) -> ControlFlow<()> {
        let start = some.partition_point(|id| *id < self.question.first);
        let mut chunks = some[start..].chunks(ENTRIES_AT_ONCE);
        chunks.try_for_each(|chunk| self.at(chunk, page))
    }

    fn at_all(&self, page: &mut LatestPage) -> ControlFlow<()> {
        let mut next = Some(self.question.first);
        while let Some(first) = next {
            let known = self.shared.ingest.known_datastreams(first, ENTRIES_AT_ONCE);
            self.at(&known.found, page)?;
            next = known.next;
        }
        ControlFlow::Continue(())
    }

    fn at(&self, some: &[DatastreamId], page: &mut LatestPage) -> ControlFlow<()> {
        let mut entries = Vec::with_capacity(some.len());
        let ingest = &self.shared.ingest;
        ingest.latest_of_each(some.iter().copied(), &mut entries);
        let mut entries = entries.iter();
        entries.try_for_each(|stored| match self.view(stored) {
            Some(view) => page.push(&view),
            None => ControlFlow::Continue(()),
        })
    }

    /// The newest observation of its datastream, where that passes.
    fn view<'a>(&'a self, stored: &'a StoredObservation) -> Option<LatestView<'a>> {
        let question = self.question;
        let datastream = self.snapshot.datastream(stored.datastream)?;
        let passes = question.qualities.contains(stored.quality)
            && question.viewer.sees(&datastream)
            && self.filter.names(&datastream);
        if !passes {
            return None;
        }
        let stood = || {
            let thing = self.snapshot.thing_of(&datastream)?;
            thing.location_at(stored.time)
        };
        let place = stored.location.or_else(stood);
        let location = question.viewer.place(&datastream, place);
        let is_there = self.filter.covers(location);
        is_there.then(|| LatestView::new(&datastream, location, stored))
    }
}
