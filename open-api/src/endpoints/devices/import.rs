//! `POST /v1/devices/import`: many devices in one transaction, all or none.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use device_registry::{ImportMode, ImportReport, ImportRow};
use http_edge::request::{Query, media_type, read_body};
use http_edge::{Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::bodies::NewDeviceBody;
use super::csv;
use crate::access::Operator;
use crate::endpoints::registry_problem::registry_problem;
use crate::openapi::schemas::Binary;
use crate::problem_kinds::IMPORT_REFUSED;
use crate::state::ApiState;

/// The longest import, in bytes.
const MAX_IMPORT_BYTES: usize = 64 * 1024 * 1024;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// `true`: only says what would happen.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
}

/// What an import did, or would do.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportReport, example = json!({"dry_run": false, "rows": 1000, "created": 1000, "errors": []}))]
pub(crate) struct ImportView {
    dry_run: bool,
    rows: usize,
    created: usize,
    /// The first 1,000.
    errors: Vec<RowErrorView>,
}

/// A line that cannot be registered.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportRowError, example = json!({"line": 3, "device": "dev-3", "code": "agency-unknown", "message": "there is no agency busan"}))]
pub(crate) struct RowErrorView {
    /// From 1.
    line: u64,
    device: Option<String>,
    code: &'static str,
    message: String,
}

/// Registers many devices in one transaction: all of them, or none. The body
/// is one device a line (NDJSON), or a table (CSV) with the columns `id`,
/// `agency`, `model`, `name`, `alias`, `lat`, `lon`, `alg`, `public_key`,
/// `visibility`, `licence`, `attribution`, `expires`, `gateway`, `thing`,
/// `address`, `note`, `tags` (with spaces or commas between). A gateway stands
/// before its children.
#[utoipa::path(post, path = "/v1/devices/import", tag = "devices", params(ImportQuery),
    request_body(description = "One device a line, or a table", content(
        (inline(Binary) = "application/x-ndjson", example = "{\"id\":\"dev-1\",\"agency\":\"seoul\",\"model\":\"traffic.flow\"}\n{\"id\":\"dev-2\",\"agency\":\"seoul\",\"model\":\"traffic.flow\"}\n"),
        (inline(Binary) = "text/csv", example = "id,agency,model,name,lat,lon\ndev-1,seoul,traffic.flow,Sejong-daero 1,37.566412,126.977968\n"),
    )),
    responses((status = 200, body = ImportView), (status = 422, description = "There are faults; nothing was registered")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn import(
    State(state): State<ApiState>,
    operator: Operator,
    Query(query): Query<ImportQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let table = match media_type(request.headers()).as_deref() {
        Some("application/x-ndjson" | "application/ndjson" | "application/jsonl") => false,
        Some("text/csv") => true,
        _ => {
            return Err(Problem::new(
                ProblemKind::UNSUPPORTED_MEDIA_TYPE,
                "Send content-type: application/x-ndjson with one device a line, or text/csv.",
            ));
        }
    };
    let bytes = read_body(request, MAX_IMPORT_BYTES).await?;
    let mode = if query.dry_run {
        ImportMode::DryRun
    } else {
        ImportMode::Apply
    };
    let report = state
        .blocking(move |shared| {
            let rows: Box<dyn Iterator<Item = ImportRow>> = if table {
                Box::new(csv::rows(&bytes))
            } else {
                Box::new(lines(&bytes))
            };
            shared.registry.import_devices(operator.actor(), rows, mode)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    answer(report, query.dry_run)
}

fn answer(report: ImportReport, dry_run: bool) -> Result<Response, Problem> {
    let view = ImportView {
        dry_run,
        rows: report.rows,
        created: report.registered,
        errors: report
            .errors
            .into_iter()
            .map(|error| RowErrorView {
                line: error.line,
                device: error.device.map(|id| id.to_string()),
                code: error.code,
                message: error.message,
            })
            .collect(),
    };
    if view.errors.is_empty() || dry_run {
        return Ok(Json(view).into_response());
    }
    let faults = view.errors.len() + report.errors_left_off;
    let errors = serde_json::to_value(&view.errors).unwrap_or_default();
    Err(Problem::new(
        IMPORT_REFUSED,
        format!(
            "{faults} of {} lines have a fault; nothing was registered.",
            view.rows
        ),
    )
    .with("rows", view.rows)
    .with("errors", errors))
}

/// NDJSON: one device a line; empty lines are skipped but counted.
fn lines(bytes: &Bytes) -> impl Iterator<Item = ImportRow> + '_ {
    csv::without_mark(bytes)
        .split(|byte| *byte == b'\n')
        .enumerate()
        .map(|(at, line)| (at as u64 + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
        .map(|(line, json)| ImportRow {
            line,
            device: serde_json::from_slice::<NewDeviceBody>(json)
                .map_err(|error| error.to_string())
                .and_then(NewDeviceBody::read),
        })
}
