//! `/v1/latest`: the newest observation of each datastream, from memory.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use device_registry::Snapshot;
use domain::{DatastreamId, Offset, Qualities};
use http_edge::Problem;
use http_edge::reply::{Form, ListRequest, csv, json_bytes, split_page};
use http_edge::request::{Limit, Text};
use ingest::StoredObservation;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::datastreams::first_after;
use crate::params::{
    DatastreamFilter, FilterQuery, Filtered, QualityNames, Selected, Viewer, qualities,
};
use crate::state::{ApiState, Shared};
use crate::views::LatestView;

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

/// A page of the latest table. A stream with `from_offset` = `offset` + 1 goes
/// on from here without a gap.
#[derive(Serialize, ToSchema)]
#[schema(as = LatestList)]
pub(crate) struct LatestList<'a> {
    items: Vec<LatestView<'a>>,
    next: Option<String>,
    /// Everything up to this offset is in the table.
    offset: u64,
}

/// The newest observation of each datastream, by phenomenon time.
#[utoipa::path(get, path = "/v1/latest", tag = "data", params(FilterQuery, LatestQuery),
    responses((status = 200, body = LatestList)))]
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
    let (registry, is_short) = (Arc::clone(&snapshot), filter.is_short());
    let (is_empty, page) = state
        .scanning_unless(is_short, move |shared| {
            question.answer(shared, &registry, &filter, &request)
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
    /// A page, and whether it is empty.
    fn answer(
        &self,
        shared: &Shared,
        snapshot: &Snapshot,
        filter: &DatastreamFilter,
        request: &ListRequest,
    ) -> (bool, Response) {
        // Read before the table: what is applied meanwhile comes twice, not never.
        let offset: Offset = shared.ingest.applied_offset();
        let mut found: Vec<(Selected<'_>, StoredObservation)> = filter
            .select(snapshot, &self.viewer, self.first)
            .filter_map(|selected| self.newest(shared, filter, selected))
            .take(self.limit + 1)
            .collect();
        let more = split_page(&mut found, self.limit);
        let last = found.last().filter(|_| more);
        let next = last.map(|(selected, _)| request.url.after(&selected.datastream.id));
        let items: Vec<LatestView<'_>> = found
            .iter()
            .map(|(selected, stored)| LatestView::new(selected, stored))
            .collect();
        let is_empty = items.is_empty();
        let bytes = match request.form {
            Form::Csv => csv::render(&items),
            Form::Json => json_bytes(&LatestList {
                items,
                next: next.clone(),
                offset: offset.get(),
            }),
        };
        (is_empty, request.form.response(bytes, next.as_deref()))
    }

    /// Its newest observation, where that passes.
    fn newest<'a>(
        &self,
        shared: &Shared,
        filter: &DatastreamFilter,
        selected: Selected<'a>,
    ) -> Option<(Selected<'a>, StoredObservation)> {
        let stored = shared.ingest.latest(selected.datastream.id)?;
        let location = selected.place_of(&self.viewer, &stored);
        let passes = self.qualities.contains(stored.quality) && filter.covers(location);
        passes.then_some((
            Selected {
                location,
                ..selected
            },
            stored,
        ))
    }
}
