//! `POST /v1/devices/import`: many devices in one request.

mod answer;
mod encoding;
mod lines;
mod table;

use std::ops::ControlFlow;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use device_registry::{
    FaultyRows, ImportError, ImportMode, ImportRow, ImportTerms, StandingDevices, UnreadableRow,
};
use domain::Scope;
use http_edge::reply::{NDJSON, wants_lines};
use http_edge::request::{Query, charset, media_type, read_body};
use http_edge::{Problem, ProblemKind};
use serde::Deserialize;
use text_formats::table::decode;
use utoipa::IntoParams;

use crate::access::{Admission, Permitted};
use crate::endpoints::registry_problem::registry_problem;
use crate::openapi::schemas::Binary;
use crate::state::{ApiState, Shared};
use answer::{ImportView, Lines, Sight};
use encoding::TableEncoding;
use table::unreadable;

/// The longest import, in bytes.
const MAX_IMPORT_BYTES: usize = 64 * 1024 * 1024;

#[derive(Deserialize, IntoParams, Clone)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// `true`: only says what would happen.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// `all`, the default: all rows come in, or none where one has a fault.
    /// `good`: those without a fault come in.
    #[param(value_type = Option<String>)]
    mode: Option<Mode>,
    /// `true`: a row whose device is registered changes it: what the row says
    /// replaces what the device has, and what it leaves out stays. Without it
    /// such a row has a fault.
    #[serde(default)]
    #[param(required = false)]
    upsert: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    All,
    Good,
}

impl ImportQuery {
    fn terms(&self) -> ImportTerms {
        ImportTerms {
            mode: if self.dry_run {
                ImportMode::DryRun
            } else {
                ImportMode::Apply
            },
            faulty: match self.mode.unwrap_or_default() {
                Mode::All => FaultyRows::KeepAllOut,
                Mode::Good => FaultyRows::AreLeftOut,
            },
            standing: if self.upsert {
                StandingDevices::Update
            } else {
                StandingDevices::AreFaults
            },
        }
    }

    /// Whether a fault means that nothing was registered that would have been.
    fn keeps_all_out(&self) -> bool {
        !self.dry_run && self.mode.unwrap_or_default() == Mode::All
    }
}

/// How the body is written.
#[derive(Clone)]
enum Form {
    Lines,
    Table { charset: Option<String> },
}

type Rows = Box<dyn Iterator<Item = ImportRow>>;

impl Form {
    /// The rows, which hold the body for as long as they are read.
    fn rows(&self, body: &Bytes) -> (Rows, TableEncoding) {
        match self {
            Self::Lines => (Box::new(lines::rows(body)), TableEncoding::Utf8),
            Self::Table { charset } => match decode(body, charset.as_deref()) {
                Ok((text, encoding)) => (Box::new(table::rows(&text)), encoding.into()),
                Err(fault) => (Box::new(only(unreadable(fault))), TableEncoding::Utf8),
            },
        }
    }
}

/// Rows of agencies in which the caller may not import have a fault, whether or
/// not there is such an agency.
fn within(rows: Rows, scope: Scope) -> impl Iterator<Item = ImportRow> {
    rows.map(move |row| ImportRow {
        line: row.line,
        device: row.device.and_then(|device| {
            if scope.covers(&device.agency) {
                return Ok(device);
            }
            Err(UnreadableRow {
                column: Some("agency".into()),
                message: format!("no agency {} in which you import devices", device.agency),
                cure: "name an agency in which you have the role operator",
            })
        }),
    })
}

/// An import takes a while, and its caller may lose the right meanwhile.
fn goes_on(admission: &Admission, shared: &Shared) -> ControlFlow<()> {
    if admission.holds(shared) {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

/// A body that cannot be read has one fault, and not one for each of its lines.
fn only(fault: UnreadableRow) -> impl Iterator<Item = ImportRow> {
    std::iter::once(ImportRow {
        line: 1,
        device: Err(fault),
    })
}

/// Registers many devices: all of them, or none where a row has a fault; with
/// `mode=good` those without one. The body is one device a line (NDJSON), or a
/// table (CSV, in UTF-8 or CP949) with the columns `id`, `agency`, `model`,
/// `name`, `alias`, `lat`, `lon`, `alg`, `public_key`, `visibility`, `licence`,
/// `attribution`, `expires`, `gateway`, `thing`, `address`, `note`, `tags` (with
/// spaces or commas between), `sensor_serial`. A gateway stands before its
/// children. Whatever happens meanwhile, all that are to come in do so, or none;
/// if no answer comes, the same is sent again with `upsert=true`.
///
/// With `Accept: application/x-ndjson` the answer is a line for each step and
/// each fault, while the import goes on: `{"progress": {"checked": 1000}}` (or
/// `read`, `registered`), `{"error": {...}}`, and at the end `{"report": {...}}`
/// or `{"problem": {"code": ..., "detail": ...}}`. Its status is 200 then,
/// whatever the last line says.
#[utoipa::path(post, path = "/v1/devices/import", tag = "devices", params(ImportQuery),
    request_body(description = "One device a line, or a table", content(
        (inline(Binary) = "application/x-ndjson", example = "{\"id\":\"dev-1\",\"agency\":\"seoul\",\"model\":\"traffic.flow\"}\n{\"id\":\"dev-2\",\"agency\":\"seoul\",\"model\":\"traffic.flow\"}\n"),
        (inline(Binary) = "text/csv", example = "id,agency,model,name,lat,lon\ndev-1,seoul,traffic.flow,Sejong-daero 1,37.566412,126.977968\n"),
    )),
    responses((status = 200, content((ImportView = "application/json"), (String = "application/x-ndjson", example = "{\"progress\":{\"checked\":1000}}\n{\"report\":{\"dry_run\":false,\"encoding\":\"utf-8\",\"rows\":1000,\"created\":1000,\"updated\":0,\"unchanged\":0,\"faults\":0,\"errors\":[]}}\n"))),
        (status = 422, description = "There are faults; nothing was registered")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn import(
    State(state): State<ApiState>,
    permitted: Permitted,
    Query(query): Query<ImportQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let form = match media_type(request.headers()).as_deref() {
        Some(NDJSON | "application/ndjson" | "application/jsonl") => Form::Lines,
        Some("text/csv") => Form::Table {
            charset: charset(request.headers()),
        },
        _ => {
            return Err(Problem::new(
                ProblemKind::UNSUPPORTED_MEDIA_TYPE,
                "Send content-type: application/x-ndjson with one device a line, or text/csv.",
            ));
        }
    };
    let in_lines = wants_lines(request.headers());
    // Before the body, which is as large as many others together.
    let place = state.importing().await?;
    let body = read_body(request, MAX_IMPORT_BYTES).await?;
    let admission = permitted.admission();
    let (actor, terms) = (permitted.actor().clone(), query.terms());
    let scope = permitted.scope();
    let sight = if scope == Scope::All {
        Sight::All
    } else {
        Sight::Own
    };
    if in_lines {
        let (mut lines, response) = Lines::new(sight);
        tokio::task::spawn_blocking(move || {
            let _place = place;
            let (rows, encoding) = form.rows(&body);
            drop(body);
            let rows = within(rows, scope);
            let registry = &state.registry;
            let done = registry.import_devices(&actor, rows, terms, |step| {
                lines.step(step);
                goes_on(&admission, &state)
            });
            lines.end(done, &query, encoding);
        });
        return Ok(response);
    }
    let (report, encoding) = state
        .blocking(move |shared| {
            let _place = place;
            let (rows, encoding) = form.rows(&body);
            drop(body);
            let rows = within(rows, scope);
            let registry = &shared.registry;
            let report =
                registry.import_devices(&actor, rows, terms, |_| goes_on(&admission, shared))?;
            Ok::<_, ImportError>((report, encoding))
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    answer::whole(&report, &query, encoding, sight)
}
