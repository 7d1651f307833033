//! What an import answers: one JSON document at its end, or a line for each
//! step and each fault while it goes on.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use device_registry::{ImportError, ImportReport, ImportStep, OperationError, RowError};
use http_edge::reply::NDJSON;
use http_edge::{Problem, error_chain};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use utoipa::ToSchema;

use super::ImportQuery;
use super::encoding::TableEncoding;
use crate::problem_kinds::IMPORT_REFUSED;

/// Bytes of faults that are sent together.
const PIECE_BYTES: usize = 16 * 1024;

/// What an import did, or would do.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportReport, example = json!({"dry_run": false, "encoding": "cp949", "rows": 1000, "created": 990, "updated": 8, "unchanged": 1, "faults": 1, "errors": [{"line": 3, "device": "dev-3", "column": "agency", "code": "unknown-agency", "message": "no agency busan; create it first", "cure": "correct it, or create the agency by POST /v1/agencies"}]}))]
pub(super) struct ImportView {
    dry_run: bool,
    /// What the body was written in.
    encoding: TableEncoding,
    rows: usize,
    created: usize,
    /// Devices that stood and have changed.
    updated: usize,
    /// Devices that were already as their row says.
    unchanged: usize,
    /// Rows that cannot be registered.
    faults: usize,
    /// The first 1,000 of them. `Accept: application/x-ndjson` brings all.
    errors: Vec<RowErrorView>,
}

/// A line that cannot be registered.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportRowError, example = json!({"line": 3, "device": "dev-3", "column": "agency", "code": "unknown-agency", "message": "no agency busan; create it first", "cure": "correct it, or create the agency by POST /v1/agencies"}))]
pub(super) struct RowErrorView {
    /// From 1, as an editor numbers it.
    line: u64,
    device: Option<String>,
    /// The column of a table, or the member of an object.
    column: Option<String>,
    code: &'static str,
    message: String,
    /// What to do about it.
    cure: &'static str,
}

/// Of which agencies the caller may know things.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sight {
    All,
    /// What belongs to others is told as what is not there.
    Own,
}

impl RowErrorView {
    fn new(error: &RowError, sight: Sight) -> Self {
        let hidden = match sight {
            Sight::All => None,
            Sight::Own => as_not_there(error.code),
        };
        let (code, message, cure) = hidden.map_or_else(
            || (error.code, error.message.clone(), error.cure),
            |NotThere(code, message, cure)| (code, message.to_owned(), cure),
        );
        Self {
            line: error.line,
            device: error.device.as_ref().map(ToString::to_string),
            column: error.column.as_deref().map(str::to_owned),
            code,
            message,
            cure,
        }
    }
}

/// A code, a text and a cure.
struct NotThere(&'static str, &'static str, &'static str);

/// The same for what is another agency's and for what is nowhere.
fn as_not_there(code: &str) -> Option<NotThere> {
    match code {
        "unknown-thing" | "thing-of-another-agency" => Some(NotThere(
            "unknown-thing",
            "there is no such thing in the agency",
            "leave it empty for a new thing, or name one of the device's agency",
        )),
        "unknown-gateway" | "gateway-of-another-agency" => Some(NotThere(
            "unknown-gateway",
            "there is no such device in the agency to be the gateway",
            "name an active device of the same agency that has no gateway itself, before its children",
        )),
        "device-exists" | "device-reserved" => Some(NotThere(
            "device-exists",
            "the id is taken; an id is never given twice, not even after a revocation",
            "take another id; or, in an import, update what stands (upsert=true)",
        )),
        "alias-taken" => Some(NotThere(
            "alias-taken",
            "the alias belongs to another device",
            "correct the alias, or leave it out",
        )),
        _ => None,
    }
}

impl ImportView {
    fn new(
        report: &ImportReport,
        query: &ImportQuery,
        encoding: TableEncoding,
        sight: Sight,
    ) -> Self {
        Self {
            dry_run: query.dry_run,
            encoding,
            rows: report.rows,
            created: report.registered,
            updated: report.updated,
            unchanged: report.unchanged,
            faults: report.errors.len() + report.errors_left_off,
            errors: report
                .errors
                .iter()
                .map(|error| RowErrorView::new(error, sight))
                .collect(),
        }
    }
}

/// The answer as a whole.
pub(super) fn whole(
    report: &ImportReport,
    query: &ImportQuery,
    encoding: TableEncoding,
    sight: Sight,
) -> Result<Response, Problem> {
    let view = ImportView::new(report, query, encoding, sight);
    // A row that others have made impossible after all were accepted keeps no
    // other out.
    let has_come_in = view.created + view.updated + view.unchanged > 0;
    if view.errors.is_empty() || !query.keeps_all_out() || has_come_in {
        return Ok(Json(view).into_response());
    }
    let errors = serde_json::to_value(&view.errors).unwrap_or_default();
    Err(Problem::new(
        IMPORT_REFUSED,
        format!(
            "{} of {} lines have a fault; nothing was registered.",
            view.faults, view.rows
        ),
    )
    .with("rows", view.rows)
    .with("faults", view.faults)
    .with("errors", errors))
}

/// One line of the answer that tells how far the import has come.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    /// Rows by what was done to them.
    Progress(ProgressView),
    /// Each fault, however many there are.
    Error(RowErrorView),
    /// The last line, without the faults, which were told.
    Report(&'a ImportView),
    /// The last line, where the import could not be tried to its end.
    Problem { code: &'static str, detail: String },
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum ProgressView {
    Read(usize),
    Checked(usize),
    Registered(usize),
}

/// Writes the lines of an answer. What a caller has not read yet waits: as many
/// lines at most as an import has rows.
pub(super) struct Lines {
    out: mpsc::UnboundedSender<Result<Bytes, std::convert::Infallible>>,
    piece: Vec<u8>,
    sight: Sight,
}

impl Lines {
    /// And the answer that they are in.
    pub(super) fn new(sight: Sight) -> (Self, Response) {
        let (out, lines) = mpsc::unbounded_channel();
        let body = Body::from_stream(UnboundedReceiverStream::new(lines));
        let mut response = body.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
        // Some proxies would otherwise hold lines back.
        let buffering = header::HeaderName::from_static("x-accel-buffering");
        headers.insert(buffering, HeaderValue::from_static("no"));
        let piece = Vec::new();
        (Self { out, piece, sight }, response)
    }

    pub(super) fn step(&mut self, step: ImportStep<'_>) {
        match step {
            ImportStep::Fault(error) => {
                self.write(&Line::Error(RowErrorView::new(error, self.sight)));
                if self.piece.len() >= PIECE_BYTES {
                    self.send();
                }
            }
            ImportStep::Accepting => {}
            ImportStep::Read(rows) => self.progress(ProgressView::Read(rows)),
            ImportStep::Tried(rows) => self.progress(ProgressView::Checked(rows)),
            ImportStep::Kept(rows) => self.progress(ProgressView::Registered(rows)),
        }
    }

    pub(super) fn end(
        mut self,
        done: Result<ImportReport, ImportError>,
        query: &ImportQuery,
        encoding: TableEncoding,
    ) {
        match done {
            Ok(report) => {
                let mut view = ImportView::new(&report, query, encoding, self.sight);
                view.errors = Vec::new();
                self.write(&Line::Report(&view));
            }
            Err(error) => {
                let detail = match &error {
                    ImportError::Store(cause) => {
                        tracing::error!(cause = error_chain(cause), "an import failed");
                        "the platform failed; its log tells why".to_owned()
                    }
                    refused => refused.to_string(),
                };
                let code = error.code();
                self.write(&Line::Problem { code, detail });
            }
        }
        self.send();
    }

    fn progress(&mut self, view: ProgressView) {
        self.write(&Line::Progress(view));
        self.send();
    }

    fn write(&mut self, line: &Line<'_>) {
        serde_json::to_writer(&mut self.piece, line).expect("a Vec takes all bytes");
        self.piece.push(b'\n');
    }

    fn send(&mut self) {
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        // Who has left hears nothing; the import goes on.
        let _ = self.out.send(Ok(piece));
    }
}
