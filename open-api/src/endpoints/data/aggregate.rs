//! `/v1/aggregate`: statistics over buckets of time.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use device_registry::Snapshot;
use domain::{DatastreamId, Qualities, Timestamp};
use http_edge::Problem;
use http_edge::reply::ListRequest;
use http_edge::request::Text;
use ingest::{AggregateFunction, AggregateQuery, Grouping};
use jiff::tz::TimeZone;
use serde::Deserialize;
use utoipa::IntoParams;

use super::bucket::BucketLength;
use super::datastreams::find;
use super::observations::query_problem;
use crate::params::{
    DatastreamFilter, FilterQuery, Filtered, QualityNames, Time, Viewer, qualities,
};
use crate::state::ApiState;
use crate::views::{AggregateFunctionName, AggregateList, AggregateListSchema};

/// Buckets where the caller says no times: a day of five minutes.
const DEFAULT_BUCKETS: i64 = 288;
/// Datastreams in one question.
const MAX_DATASTREAMS: usize = 10_000;
/// Functions in one question.
const MAX_FUNCTIONS: usize = 16;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AggregateParams {
    /// Numbers of datastreams, with commas between; each is answered by itself.
    /// Without it `field` is asked, over all datastreams that pass the filters,
    /// taken together.
    #[param(example = "5,6")]
    datastream: Option<String>,
    /// Numbers of which qualities count: `good` by default, or several of
    /// `good`, `uncertain`, `bad`, with commas between.
    #[param(value_type = Option<String>, example = "good,uncertain")]
    quality: Option<Text<QualityNames>>,
    /// `30s`, `5m`, `1h` or whatever divides a day, `1d`, or `1w` from Monday.
    #[param(value_type = String, example = "5m")]
    bucket: Option<Text<BucketLength>>,
    /// `avg`, `min`, `max`, `sum`, `count`, `first`, `last`, `p0` to `p100`,
    /// with commas between.
    #[serde(rename = "fn")]
    #[param(example = "avg,min,max,count,p95", value_type = String)]
    functions: Option<String>,
    /// An IANA time zone, as `Asia/Seoul`; UTC by default.
    #[param(example = "Asia/Seoul")]
    tz: Option<String>,
    /// Phenomenon time, RFC 3339 with an offset; inclusive. By default 288
    /// buckets before `to`.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// Exclusive. By default the end of the newest observation's bucket.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Time>,
}

/// Average, extremes, count and percentiles over buckets of time, whose days
/// are those of a time zone. Buckets without a number are left out. Where the
/// numbers of a question are too many to be read, its percentiles come from
/// stored sketches, and the bucket says `approximate`: each of the two numbers
/// that a percentile lies between is then off by 1 percent of itself at most.
/// What is `uncertain` or `bad` does not count unless `quality` says so: a
/// bucket's `left_out` tells how many such numbers it has. A bucket that has no
/// other has a `count` of 0, and no other statistic.
#[utoipa::path(get, path = "/v1/aggregate", tag = "data", params(FilterQuery, AggregateParams),
    responses((status = 200, body = AggregateListSchema, example = json!({
        "items": [{"start": "2026-05-01T09:00:00+09:00", "end": "2026-05-01T09:05:00+09:00",
            "datastream": 5, "avg": 41.2, "min": 12.0, "max": 66.5, "count": 10, "p95": 64.9, "left_out": 1}],
        "next": null, "unit": "km/h"
    }))))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Filtered(words, query): Filtered<AggregateParams>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let bucket = query
        .bucket
        .as_ref()
        .map(|text| text.0)
        .ok_or_else(|| Problem::parameter("bucket is missing: write bucket=5m, for example"))?;
    let names = functions(query.functions.as_deref())?;
    let zone = zone(query.tz.as_deref())?;
    let snapshot = state.settled().await;
    let subject = Subject::new(&state, &query, &words, &snapshot, &viewer).await?;
    let edges = edges(&state, &subject.datastreams, bucket, &query, &zone)?;
    let question = AggregateQuery {
        datastreams: subject.datastreams,
        boundaries: edges,
        functions: names.iter().map(|name| name.function).collect(),
        per_datastream: subject.grouping,
        qualities: qualities(query.quality.as_ref(), Qualities::GOOD),
    };
    let mut buckets = state
        .reading(move |shared| shared.ingest.aggregate(&question))
        .await?
        .map_err(|error| query_problem(&error))?;
    buckets.sort_by_key(|bucket| (bucket.start, bucket.datastream));
    let list = AggregateList {
        buckets: &buckets,
        names: &names,
        zone: &zone,
        unit: subject.unit.as_deref(),
    };
    Ok(list.reply(request.form))
}

fn functions(text: Option<&str>) -> Result<Vec<AggregateFunctionName>, Problem> {
    let text = text.ok_or_else(|| Problem::parameter("fn is missing: write fn=avg,min,max"))?;
    let mut functions: Vec<AggregateFunctionName> = Vec::new();
    for name in text.split(',').map(str::trim) {
        let function = match name {
            "avg" => AggregateFunction::Avg,
            "min" => AggregateFunction::Min,
            "max" => AggregateFunction::Max,
            "sum" => AggregateFunction::Sum,
            "count" => AggregateFunction::Count,
            "first" => AggregateFunction::First,
            "last" => AggregateFunction::Last,
            _ => match name
                .strip_prefix('p')
                .and_then(|number| number.parse().ok())
            {
                Some(percent @ 0..=100) => AggregateFunction::Percentile(percent),
                _ => {
                    return Err(Problem::parameter(format!(
                        "fn: {name:?} is none of avg, min, max, sum, count, first, last, p0 to p100"
                    )));
                }
            },
        };
        if functions.iter().any(|known| known.function == function) {
            return Err(Problem::parameter(format!("fn: {name} stands twice")));
        }
        functions.push(AggregateFunctionName {
            name: name.to_owned(),
            function,
        });
    }
    if functions.len() > MAX_FUNCTIONS {
        return Err(Problem::parameter(format!(
            "fn: at most {MAX_FUNCTIONS} at once"
        )));
    }
    Ok(functions)
}

fn zone(name: Option<&str>) -> Result<TimeZone, Problem> {
    match name {
        None => Ok(TimeZone::UTC),
        // A form's decoder made a space of the plus in `Etc/GMT+9`.
        Some(name) => TimeZone::get(&name.replace(' ', "+")).map_err(|_| {
            Problem::parameter(format!("tz: {name:?} is no IANA time zone, as Asia/Seoul"))
        }),
    }
}

/// What the question is about.
struct Subject {
    datastreams: Vec<DatastreamId>,
    grouping: Grouping,
    unit: Option<Box<str>>,
}

impl Subject {
    async fn new(
        state: &ApiState,
        query: &AggregateParams,
        words: &FilterQuery,
        snapshot: &Arc<Snapshot>,
        viewer: &Viewer,
    ) -> Result<Self, Problem> {
        match (&query.datastream, &words.field) {
            (Some(_), None) if !words.words().is_empty() => Err(Problem::parameter(
                "datastream= names what it asks for: the filters go with field=",
            )),
            (Some(numbers), None) => Self::of_numbers(numbers, snapshot, viewer),
            (None, Some(_)) => {
                let filter = state.filter(snapshot, viewer, words).await?;
                let boundary = filter.boundary.as_ref();
                let members = state.members(snapshot, boundary, viewer).await?;
                let (registry, whose) = (Arc::clone(snapshot), viewer.clone());
                let found = state
                    .scanning(move |_| {
                        Self::of_filter(&filter, members.as_deref(), &registry, &whose)
                    })
                    .await??;
                if found.datastreams.is_empty() {
                    state.check_words(snapshot, viewer, words).await?;
                }
                Ok(found)
            }
            (Some(_), Some(_)) | (None, None) => Err(Problem::parameter(
                "say either datastream= with numbers, or field= with the filters of /v1/latest",
            )),
        }
    }

    fn of_numbers(numbers: &str, snapshot: &Snapshot, viewer: &Viewer) -> Result<Self, Problem> {
        let mut datastreams = Vec::new();
        let mut units = Vec::new();
        for number in numbers.split(',') {
            let datastream = find(snapshot, viewer, number.trim())?;
            if datastreams.contains(&datastream.id) {
                return Err(Problem::parameter(format!(
                    "datastream: {number} stands twice"
                )));
            }
            datastreams.push(datastream.id);
            units.push(datastream.unit);
        }
        units.dedup();
        Ok(Self {
            datastreams,
            grouping: Grouping::Each,
            unit: if units.len() == 1 {
                units[0].map(Into::into)
            } else {
                None
            },
        })
    }

    fn of_filter(
        filter: &DatastreamFilter,
        members: Option<&[DatastreamId]>,
        snapshot: &Snapshot,
        viewer: &Viewer,
    ) -> Result<Self, Problem> {
        let mut datastreams = Vec::new();
        let mut units: Vec<Option<&str>> = Vec::new();
        let (first, most) = (DatastreamId::new(0), MAX_DATASTREAMS);
        for found in filter.select_places(snapshot, viewer, first, most, members) {
            if !units.contains(&found.datastream.unit) {
                units.push(found.datastream.unit);
            }
            datastreams.push(found.datastream.id);
            if datastreams.len() > MAX_DATASTREAMS {
                return Err(Problem::parameter(format!(
                    "more than {MAX_DATASTREAMS} datastreams pass; narrow the filters"
                )));
            }
        }
        if units.len() > 1 {
            return Err(Problem::parameter(
                "the field has several units among these datastreams; add model= to take one kind",
            ));
        }
        Ok(Self {
            datastreams,
            grouping: Grouping::Together,
            unit: units.pop().flatten().map(Into::into),
        })
    }
}

fn edges(
    state: &ApiState,
    datastreams: &[DatastreamId],
    bucket: BucketLength,
    query: &AggregateParams,
    zone: &TimeZone,
) -> Result<Vec<Timestamp>, Problem> {
    let end = query.to.map(|time| time.0);
    let to = end.unwrap_or_else(|| {
        let newest = datastreams
            .iter()
            .filter_map(|id| state.ingest.latest(*id))
            .map(|stored| stored.time)
            .max();
        Timestamp::from_micros(
            newest
                .unwrap_or_else(|| state.now())
                .as_micros()
                .saturating_add(1),
        )
    });
    let start = query.from.map(|time| time.0);
    let from = start.unwrap_or_else(|| {
        let span = bucket.seconds() * 1_000_000 * DEFAULT_BUCKETS;
        Timestamp::from_micros(to.as_micros().saturating_sub(span))
    });
    if from >= to {
        return Err(Problem::parameter("from does not lie before to"));
    }
    let mut edges = bucket
        .edges(from, to, zone)
        .map_err(|error| Problem::parameter(error.to_string()))?;
    // What the caller said holds to the microsecond: the first and the last
    // bucket are cut there, and say so by their start and end.
    if let (Some(start), Some(first)) = (start, edges.first_mut()) {
        *first = start;
    }
    if let (Some(end), Some(last)) = (end, edges.last_mut()) {
        *last = end;
    }
    Ok(edges)
}
