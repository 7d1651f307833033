//! `/v1/export/{date}`: a day of each domain and agency as a file.

use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use domain::{AgencyId, Timestamp};
use http_edge::reply::{List, ListRequest};
use http_edge::request::{Arrival, Query};
use http_edge::{Problem, ProblemKind};
use ingest::{Day, DayExport, DayPart, ExportAnswer, ExportError, ExportFile, ExportFormat};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};
use utoipa::IntoParams;

use super::download::{self, FileReader, Mark};
use crate::access::Admission;
use crate::openapi::schemas::Binary;
use crate::params::Viewer;
use crate::problem_kinds::NOT_YET;
use crate::state::ApiState;
use crate::views::ExportView;

/// How long a request waits for a file that is being made; who asks again then
/// finds it further on.
const MAKING_PATIENCE: Duration = Duration::from_secs(40);
/// When to ask again, in seconds.
const ASK_AGAIN: u64 = 5;
/// When to ask again for what is not made for want of room, in seconds.
const ASK_LATER: u64 = 300;
/// The path of the exports.
const ROOT: &str = "/v1/export";

/// What can be exported of a day in UTC: each file is made when it is first
/// asked for. A day is there once it is over.
#[utoipa::path(get, path = "/v1/export/{date}", tag = "data",
    params(("date" = String, Path, description = "A day in UTC, as 2026-05-01")),
    responses((status = 200, body = List<ExportView>),
        (status = 409, description = "The day is not over; `available_from` tells when it is")))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Path(date): Path<String>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let day = day(&date)?;
    let views = parts(&state, &viewer, day)
        .await?
        .iter()
        .flat_map(|part| ExportFormat::ALL.map(|format| (part, format)))
        .map(|(part, format)| ExportView {
            date: day.to_string(),
            domain: part.domain.clone(),
            agency: part.agency.to_string(),
            format: format.as_str(),
            datastreams: part.datastreams,
            licences: part.licences.clone(),
            url: request.url.beside(&format!(
                "{ROOT}/{day}/{}/{}.{}",
                part.domain,
                part.agency,
                format.as_str()
            )),
        })
        .collect();
    Ok(request.whole(views))
}

/// The SHA-256 of every file of a day, as `sha256sum --check` reads it. Makes
/// what was not made yet: a large day takes several requests, each of which
/// goes on from the one before.
#[utoipa::path(get, path = "/v1/export/{date}/SHA256SUMS", tag = "data",
    params(("date" = String, Path, description = "A day in UTC, as 2026-05-01")),
    responses((status = 200, content_type = "text/plain", body = String,
            example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  traffic/seoul.csv\n"),
        (status = 409, description = "The day is not over"),
        (status = 503, description = "Not all files are made yet: ask again after `Retry-After`")))]
pub(crate) async fn sums(
    State(state): State<ApiState>,
    viewer: Viewer,
    Path(date): Path<String>,
) -> Result<Response, Problem> {
    let day = day(&date)?;
    let deadline = Instant::now() + MAKING_PATIENCE;
    let mut lines = String::new();
    for part in parts(&state, &viewer, day).await? {
        for format in ExportFormat::ALL {
            let export = DayExport {
                day,
                domain: part.domain.clone(),
                agency: part.agency.clone(),
                scope: viewer.0.clone(),
                format,
            };
            match find(&state, &export, deadline).await {
                Ok(file) => lines.push_str(&format!(
                    "{}  {}/{}.{}\n",
                    file.sha256,
                    part.domain,
                    part.agency,
                    format.as_str()
                )),
                // The files' indexes said there may be something.
                Err(error) if matches!(error.root(), ExportError::Absent) => {}
                Err(error) => return Err(problem(&error)),
            }
        }
    }
    let mut response = lines.into_response();
    let headers = response.headers_mut();
    download::cached_for(headers, &viewer.0);
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, text);
    Ok(response)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileQuery {
    /// 1: a byte order mark in front of CSV, by which Excel knows that it is
    /// UTF-8. The checksum of the manifest is that of the file without it.
    #[param(value_type = Option<u8>)]
    bom: Option<String>,
}

/// A day of one domain and agency: all observations of that phenomenon day in
/// their newest revision, by datastream and time. `ETag` is the file's
/// SHA-256; `Range` resumes a download. The public reads public datastreams,
/// with positions at the centre of a 0.001 degree cell; operators read all,
/// exactly, and of other agencies beside what is public what these share with
/// theirs. A correction or a late observation makes another file.
#[utoipa::path(get, path = "/v1/export/{date}/{domain}/{file}", tag = "data",
    params(("date" = String, Path, description = "A day in UTC, as 2026-05-01"),
        ("domain" = String, Path, description = "As traffic"),
        ("file" = String, Path, description = "`{agency}.csv` or `{agency}.parquet`, as seoul.csv"),
        FileQuery),
    responses((status = 200, description = "The file", content(
            (inline(Binary) = "application/vnd.apache.parquet"),
            (inline(Binary) = "text/csv", example = "datastream,thing,agency,domain,model,field,unit,phenomenon_time,result_time,value,boolean,text,quality,revision,offset,lat,lon\r\n5,dev-1,seoul,traffic,traffic.flow,speed,km/h,2026-05-01T00:00:00Z,2026-05-01T00:00:00.214Z,43.5,,,good,0,120345,37.5665,126.9775\r\n"))),
        (status = 206, description = "The part that `Range` asks for", content(
            (inline(Binary) = "application/vnd.apache.parquet"), (inline(Binary) = "text/csv"))),
        (status = 304, description = "`If-None-Match` names it"),
        (status = 404, description = "Nothing of that day, domain and agency may be read"),
        (status = 409, description = "The day is not over"),
        (status = 412, description = "`If-Match` names another version"),
        (status = 416, description = "The range lies after the end"),
        (status = 503, description = "It is being made, or too many are: ask again after `Retry-After`")))]
pub(crate) async fn file(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    (viewer, admission): (Viewer, Admission),
    Path((date, domain, name)): Path<(String, String, String)>,
    Query(query): Query<FileQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let export = named(&date, domain, &name, viewer)?;
    let mark = match (query.bom.as_deref(), export.format) {
        (None | Some("0"), _) => Mark::None,
        (Some("1"), ExportFormat::Csv) => Mark::Bom,
        _ => return Err(Problem::parameter("bom: 0, or 1 for CSV")),
    };
    let deadline = Instant::now() + MAKING_PATIENCE;
    let file = find(&state, &export, deadline)
        .await
        .map_err(|error| problem(&error))?;
    let reader = FileReader {
        state,
        place: arrival.place,
        admission: admission.for_data_of(&export.agency),
    };
    download::reply(reader, &export, file, mark, &method, &headers)
}

fn day(date: &str) -> Result<Day, Problem> {
    date.parse()
        .map_err(|error: ingest::DayError| Problem::parameter(format!("date: {error}")))
}

fn named(date: &str, domain: String, name: &str, viewer: Viewer) -> Result<DayExport, Problem> {
    let unknown =
        || Problem::not_found("A file is {agency}.csv or {agency}.parquet, as seoul.csv.");
    let (agency, format) = name.rsplit_once('.').ok_or_else(unknown)?;
    Ok(DayExport {
        day: day(date)?,
        domain,
        agency: AgencyId::new(agency).map_err(|_| unknown())?,
        scope: viewer.0,
        format: ExportFormat::parse(format).ok_or_else(unknown)?,
    })
}

async fn parts(state: &ApiState, viewer: &Viewer, day: Day) -> Result<Vec<DayPart>, Problem> {
    let snapshot = state.settled().await;
    let scope = viewer.0.clone();
    state
        .reading(move |shared| shared.downloads.exports().day(&snapshot, day, &scope))
        .await?
        .map_err(|error| problem(&error))
}

/// The file as it is now; waits for its making until `deadline`.
async fn find(
    state: &ApiState,
    export: &DayExport,
    deadline: Instant,
) -> Result<ExportFile, ExportError> {
    loop {
        let snapshot = state.settled().await;
        let wanted = export.clone();
        let answer = state
            .reading(move |shared| shared.downloads.exports().find(&snapshot, &wanted))
            .await
            .map_err(|_| ExportError::Busy)??;
        let making = match answer {
            ExportAnswer::Ready(file) => return Ok(file),
            ExportAnswer::Making(making) => making,
        };
        match timeout_at(deadline, making.done()).await {
            Ok(Ok(Some(file))) => return Ok(file),
            // Another request had begun it: whether it still holds is asked again.
            Ok(Ok(None)) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(ExportError::Busy),
        }
    }
}

fn problem(error: &ExportError) -> Problem {
    let unavailable = |detail: &'static str, seconds| {
        Problem::new(ProblemKind::UNAVAILABLE, detail).retry_after(seconds)
    };
    match error.root() {
        ExportError::NotOver { until } => not_over(*until),
        ExportError::Absent => Problem::not_found(
            "There is nothing of this day, domain and agency. /v1/export/{date} lists what there is.",
        ),
        ExportError::Busy => unavailable(
            "The export is being made, or others are before it. It is kept once it is made: ask again.",
            ASK_AGAIN,
        ),
        ExportError::Stopping => unavailable("The platform is stopping.", ASK_AGAIN),
        ExportError::NoRoom => unavailable(
            "The disk has too little room for another export.",
            ASK_LATER,
        ),
        error => Problem::internal(error),
    }
}

fn not_over(until: Timestamp) -> Problem {
    Problem::new(
        NOT_YET,
        format!(
            "A day is exported once it is over: this one at {until}. Until then ask /v1/datastreams/{{id}}/observations."
        ),
    )
    .with("available_from", until.to_rfc3339())
}
