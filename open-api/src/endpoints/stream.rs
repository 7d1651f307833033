//! `/v1/stream`: frames as they are applied, as server-sent events.
//!
//! One event is one frame; its id is the offset, so `Last-Event-ID` resumes.
//! What is behind comes from the log, then the stream goes over to live
//! without a seam. What is gone from the log is told by a `gap` event.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::{AgencyId, BoundaryName, DeviceId, FieldName, Offset, ThingId};
use ingest::StreamStart;
use serde::Deserialize;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

use super::stream_feed::{Feed, FeedFilter};
use super::stream_wire::Wire;
use crate::access::Caller;
use crate::envelope::Arrival;
use crate::params::{Bbox, DatastreamFilter, Near, Query, Text, named};
use crate::problem::Problem;
use crate::quota::Account;
use crate::state::ApiState;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Begins with this offset; without it, with what comes next.
    from_offset: Option<u64>,
    /// As `traffic`.
    domain: Option<String>,
    /// As `traffic.flow`, or `flow` alone.
    model: Option<String>,
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    #[param(value_type = Option<String>)]
    thing: Option<Text<ThingId>>,
    #[param(value_type = Option<String>)]
    device: Option<Text<DeviceId>>,
    #[param(value_type = Option<String>)]
    field: Option<Text<FieldName>>,
    /// `west,south,east,north`, in degrees.
    bbox: Option<String>,
    /// `lat,lon,metres`.
    near: Option<String>,
    /// The name of a boundary, as it is drawn when the stream begins.
    #[param(value_type = Option<String>)]
    boundary: Option<Text<BoundaryName>>,
}

/// Live observations as server-sent events. An event is one accepted message
/// with those of its observations that pass the filter; its id is the offset,
/// and gaps between ids are normal. An event `gap` says which offsets are gone
/// from the log and which query fills them.
#[utoipa::path(get, path = "/v1/stream", tag = "data",
    params(StreamQuery, ("Last-Event-ID" = Option<u64>, Header, description = "Resumes behind this offset; browsers send it by themselves")),
    responses((status = 200, content_type = "text/event-stream", body = String, example = "id: 120345\ndata: {\"offset\":120345,\"result_time\":\"2026-05-01T00:00:00.214Z\",\"device\":\"dev-1\",\"thing\":\"dev-1\",\"agency\":\"seoul\",\"domain\":\"traffic\",\"model\":\"traffic.flow\",\"location\":{\"lat\":37.5665,\"lon\":126.9775},\"assurance\":\"key\",\"observations\":[{\"datastream\":5,\"field\":\"speed\",\"unit\":\"km/h\",\"phenomenon_time\":\"2026-05-01T00:00:00Z\",\"value\":43.5,\"quality\":\"good\",\"revision\":0}]}\n\n")))]
pub(crate) async fn follow(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    Extension(account): Extension<Account>,
    caller: Caller,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let start = start(&state, &query, &headers)?;
    let filter = filter(&state, &query)?;
    let place = state.streams.take(account, arrival.client)?;
    // "What comes next" begins behind all that was acknowledged before.
    state.ingest.caught_up().await;
    let (feed, events) = Feed::new(
        state.clone(),
        state.ingest.stream(start),
        caller,
        filter,
        Wire::ServerSentEvents,
    );
    tokio::spawn(async move {
        feed.run(place, arrival).await;
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
    if let Some(last) = headers.get("last-event-id") {
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

pub(super) fn filter(state: &ApiState, query: &StreamQuery) -> Result<FeedFilter, Problem> {
    let agency = query.agency.as_ref().map(|text| text.0.clone());
    let thing = query.thing.as_ref().map(|text| text.0.clone());
    let device = query.device.as_ref().map(|text| text.0.clone());
    let field = query.field.as_ref().map(|text| text.0.clone());
    let boundary = named(&state.registry.snapshot(), query.boundary.as_ref())?;
    let words: Vec<String> = [
        ("domain", query.domain.as_deref()),
        ("model", query.model.as_deref()),
        ("agency", agency.as_ref().map(AgencyId::as_str)),
        ("thing", thing.as_ref().map(ThingId::as_str)),
        ("device", device.as_ref().map(DeviceId::as_str)),
        ("field", field.as_ref().map(FieldName::as_str)),
        ("bbox", query.bbox.as_deref()),
        ("near", query.near.as_deref()),
        ("boundary", boundary.as_ref().map(|one| one.name.as_str())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name}={}", escaped(value?))))
    .collect();
    Ok(FeedFilter {
        query: words.join("&"),
        datastreams: DatastreamFilter {
            domain: query.domain.clone(),
            model: query.model.clone(),
            agency,
            thing,
            device,
            field,
            bbox: read::<Bbox>("bbox", query.bbox.as_deref())?,
            near: read::<Near>("near", query.near.as_deref())?,
            boundary,
        },
    })
}

/// As a value in a query (RFC 3986, 2.1); commas stand as they are.
fn escaped(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~,".contains(&byte);
    value
        .bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

/// A place that the gap event repeats as it was written.
fn read<T>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.map(str::parse)
        .transpose()
        .map_err(|error| Problem::parameter(format!("{name}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_repeated_as_a_query() {
        assert_eq!(escaped("126.9,37.5,-1,38"), "126.9,37.5,-1,38");
        assert_eq!(escaped("a b&c=\u{ac00}"), "a%20b%26c%3D%EA%B0%80");
    }
}
