//! `/v1/observations`: what many datastreams observed between two times, in one
//! answer.
//!
//! In reading order: the query here, `question`, `walk`, `stream`.

mod question;
mod stream;
mod walk;

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use device_registry::Snapshot;
use http_edge::Problem;
use http_edge::reply::{Form, List, ListRequest, wants_lines};
use http_edge::request::{Arrival, Limit, Text};
use ingest::Order;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use self::question::{Amount, Question};
use self::stream::{Lines, Piece, Reader};
use self::walk::{Cursor, Found, Taken};
use super::observations::query_problem;
use crate::access::Admission;
use crate::params::{FilterQuery, Filtered, QualityNames, Selected, Time, ValueConditions, Viewer};
use crate::quota::Account;
use crate::state::{ApiState, Shared};
use crate::views::RangedObservationView;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RangeParameters {
    /// Phenomenon time, RFC 3339 with an offset; inclusive. Needed where no thing,
    /// device or group is named.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// Phenomenon time; exclusive. Needed as `from` is.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Time>,
    /// Only observations of these qualities: `good`, `uncertain`, `bad`,
    /// `missing`, with commas between.
    #[param(value_type = Option<String>, example = "good")]
    quality: Option<Text<QualityNames>>,
    /// Only these values, in the datastream's unit: `gt:`, `ge:`, `lt:`, `le:` or
    /// `eq:` and a number, with commas between, all of which must hold; or
    /// `eq:true`, `eq:false` or `eq:"text"` alone.
    #[param(value_type = Option<String>, example = "gt:50,le:80")]
    value: Option<Text<ValueConditions>>,
    /// By time within each datastream: `asc`, oldest first, or `desc`.
    #[param(inline)]
    order: Option<OrderName>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

#[derive(Deserialize, ToSchema, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
enum OrderName {
    Asc,
    Desc,
}

impl From<OrderName> for Order {
    fn from(name: OrderName) -> Self {
        match name {
            OrderName::Asc => Self::Ascending,
            OrderName::Desc => Self::Descending,
        }
    }
}

/// The observations of all datastreams that pass, between two times: datastreams
/// in order of number, within each by time, each time once in its newest
/// revision. A box, circle or boundary is about where each observation was made.
///
/// `Accept: text/csv` and `application/x-ndjson` bring the whole range in one
/// answer, without pages, unless `limit` or `cursor` asks for a page.
#[utoipa::path(get, path = "/v1/observations", tag = "data", params(FilterQuery, RangeParameters),
    responses((status = 200, content(
        (List<RangedObservationView> = "application/json"),
        (String = "application/x-ndjson", example = "{\"datastream\":5,\"thing\":\"dev-1\",\"field\":\"speed\",\"unit\":\"km/h\",\"phenomenon_time\":\"2026-05-01T00:00:00Z\",\"result_time\":\"2026-05-01T00:00:00.214Z\",\"value\":43.5,\"quality\":\"good\",\"revision\":0,\"offset\":120345}\n"),
        (String = "text/csv", example = "datastream,thing,field,unit,phenomenon_time,result_time,value,quality,revision,offset,flags,location.lat,location.lon\r\n5,dev-1,speed,km/h,2026-05-01T00:00:00Z,2026-05-01T00:00:00.214Z,43.5,good,0,120345,,,\r\n"),
    )), (status = 400, description = "A word that there is not, or a question that would read too much: it says how much, and how to ask for less")))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    (viewer, admission): (Viewer, Admission),
    Extension(arrival): Extension<Arrival>,
    Extension(account): Extension<Account>,
    Filtered(words, query): Filtered<RangeParameters>,
    headers: HeaderMap,
    request: ListRequest,
) -> Result<Response, Problem> {
    let snapshot = state.settled().await;
    let filter = state.filter(&snapshot, &viewer, &words).await?;
    let question = Question::new(&query, filter, viewer.clone(), &snapshot)?;
    let registry = Arc::clone(&snapshot);
    if let Some(lines) = lines_wanted(&query, &headers, &request) {
        let head = Piece::begin(lines);
        let bytes_of_head = head.len();
        let first = state
            .reading(move |shared| {
                let walk = question.walk(shared, &registry, Amount::Whole)?;
                Piece::make(walk, lines, head, shared, &registry)
            })
            .await??;
        if first.bytes.len() == bytes_of_head {
            state.check_words(&snapshot, &viewer, &words).await?;
        }
        let reader = Reader {
            state,
            place: arrival.place,
            admission,
            account,
        };
        return stream::reply(reader, lines, first);
    }
    let limit = query
        .limit
        .as_ref()
        .map_or(Limit::default(), |limit| limit.0)
        .0;
    let (mut found, more) = state
        .reading(move |shared| page(question, limit, shared, &registry))
        .await??;
    if found.is_empty() {
        state.check_words(&snapshot, &viewer, &words).await?;
    }
    found.truncate(limit);
    let last = found.last().filter(|_| more).map(|last| Cursor {
        datastream: last.stored.datastream,
        time: last.stored.time,
    });
    let views = found.iter().filter_map(|found| {
        let datastream = snapshot.datastream(found.stored.datastream)?;
        Some(RangedObservationView::new(
            datastream,
            &found.stored,
            found.place,
        ))
    });
    Ok(request.page(views.collect(), last.as_ref()))
}

/// A page, and whether there is another.
fn page(
    question: Question,
    limit: usize,
    shared: &Shared,
    snapshot: &Snapshot,
) -> Result<(Vec<Found>, bool), Problem> {
    let mut walk = question.walk(shared, snapshot, Amount::Page(limit))?;
    let mut found = Vec::new();
    let take = |_: Selected<'_>, next: Found| {
        found.push(next);
        if found.len() > limit {
            Taken::Enough
        } else {
            Taken::GoOn
        }
    };
    walk.go_on(shared, snapshot, take)
        .map_err(|error| query_problem(&error))?;
    let more = found.len() > limit;
    Ok((found, more))
}

/// How the whole range is to be written; `None` where a page is wanted.
fn lines_wanted(
    query: &RangeParameters,
    headers: &HeaderMap,
    request: &ListRequest,
) -> Option<Lines> {
    if query.limit.is_some() || query.cursor.is_some() {
        return None;
    }
    if wants_lines(headers) {
        return Some(Lines::Json);
    }
    (request.form == Form::Csv).then_some(Lines::Csv)
}
