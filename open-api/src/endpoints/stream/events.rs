//! `/v1/stream`: frames as they are applied, as server-sent events.
//!
//! One event is one frame; its id is the offset, so `Last-Event-ID` resumes.
//! What a reader has missed comes from the log, then the stream goes over to live
//! without a seam. What is gone from the log is told by a `gap` event.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::{Offset, Qualities};
use http_edge::Problem;
use http_edge::request::{Arrival, Text};
use ingest::StreamStart;
use serde::Deserialize;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

use super::task::{StreamFilter, StreamReader, StreamTask};
use super::wire::Wire;
use crate::access::Admission;
use crate::params::{FilterQuery, Filtered, QualityNames, Viewer, qualities};
use crate::quota::Account;
use crate::state::ApiState;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Begins with this offset; without it, with what comes next.
    from_offset: Option<u64>,
    /// Only observations of these qualities: `good`, `uncertain`, `bad`,
    /// `missing`, with commas between.
    #[param(value_type = Option<String>, example = "good")]
    quality: Option<Text<QualityNames>>,
}

/// Live observations as server-sent events. An event is one accepted message
/// with those of its observations that pass the filter; its id is the offset,
/// and gaps between ids are normal. An event `gap` says which offsets are gone
/// from the log and which query fills them. An event's `data` is a `Frame`, or a
/// `Gap`.
#[utoipa::path(get, path = "/v1/stream", tag = "data",
    params(FilterQuery, StreamQuery, ("Last-Event-ID" = Option<u64>, Header, description = "Resumes after this offset; browsers send it by themselves")),
    responses((status = 200, content_type = "text/event-stream", body = String, example = "id: 120345\ndata: {\"offset\":120345,\"result_time\":\"2026-05-01T00:00:00.214Z\",\"device\":\"dev-1\",\"thing\":\"dev-1\",\"agency\":\"seoul\",\"domain\":\"traffic\",\"model\":\"traffic.flow\",\"location\":{\"lat\":37.5665,\"lon\":126.9775},\"assurance\":\"key\",\"observations\":[{\"datastream\":5,\"field\":\"speed\",\"unit\":\"km/h\",\"phenomenon_time\":\"2026-05-01T00:00:00Z\",\"value\":43.5,\"quality\":\"good\",\"revision\":0}]}\n\n")))]
pub(crate) async fn follow(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    Extension(account): Extension<Account>,
    (viewer, admission): (Viewer, Admission),
    Filtered(words, query): Filtered<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let start = start(&state, &query, &headers)?;
    let filter = filter(&state, &viewer, &words, &query).await?;
    let place = state.streams.take(account, arrival.client)?;
    // "What comes next" begins after all that was acknowledged before.
    state.ingest.caught_up().await;
    let (task, events) = StreamTask::new(
        state.clone(),
        state.ingest.stream(start),
        StreamReader::new(viewer, admission, &words),
        filter,
        Wire::ServerSentEvents,
    );
    tokio::spawn(async move {
        task.run(place, arrival).await;
    });
    let mut response = Body::from_stream(ReceiverStream::new(events)).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Some proxies would otherwise hold events back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// A browser that reconnects repeats the old `from_offset` beside the newer
/// `Last-Event-ID`, so that one wins.
pub(super) fn start(
    state: &ApiState,
    query: &StreamQuery,
    headers: &HeaderMap,
) -> Result<StreamStart, Problem> {
    let durable = state.ingest.durable_offset();
    // Empty: of a client that has seen no id yet.
    let last = headers.get("last-event-id");
    if let Some(last) = last.filter(|last| !last.is_empty()) {
        let last: u64 = last
            .to_str()
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Problem::parameter("Last-Event-ID: an offset, as an event's id"))?;
        return Ok(StreamStart::After(Offset::new(last).min(durable)));
    }
    match query.from_offset {
        None => Ok(StreamStart::Live),
        Some(from) if from > durable.next().get() => Err(Problem::parameter(format!(
            "from_offset: the newest offset is {durable}; leave it out to begin with what comes next"
        ))),
        Some(from) => Ok(StreamStart::After(Offset::new(from.saturating_sub(1)))),
    }
}

/// A word that does not exist would make a stream that is silent for ever.
pub(super) async fn filter(
    state: &ApiState,
    viewer: &Viewer,
    words: &FilterQuery,
    query: &StreamQuery,
) -> Result<StreamFilter, Problem> {
    let snapshot = state.registry.snapshot();
    let datastreams = state.filter(&snapshot, viewer, words).await?;
    if !words.words().is_empty() {
        state.check_words(&snapshot, viewer, words).await?;
    }
    Ok(StreamFilter {
        query: words.words(),
        qualities: qualities(query.quality.as_ref(), Qualities::ALL),
        datastreams,
    })
}
