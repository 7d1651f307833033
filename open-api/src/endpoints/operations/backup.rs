//! `/v1/backup`: a copy of everything, made while the platform runs.

use std::path::PathBuf;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use http_edge::request::JsonBody;
use http_edge::{Problem, ProblemKind};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Operator;
use crate::ports::BackupRefused;
use crate::state::ApiState;
use crate::views::BackupView;

/// Where a backup goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBackup, example = json!({"folder": "/var/backups/madang/2026-05-01"}))]
pub(crate) struct NewBackupBody {
    /// On the platform's own machine: an absolute path, new or empty.
    #[schema(value_type = String)]
    folder: PathBuf,
}

/// Begins a backup into a folder of the platform's own machine. It holds every
/// message that was acknowledged up to an offset, with the registry, the kept
/// sessions and the keys; devices and queries go on. One is made at a time.
#[utoipa::path(post, path = "/v1/backup", tag = "operations", request_body = NewBackupBody,
    responses((status = 202, body = BackupView, description = "It has begun: GET tells when it is made"),
        (status = 409, description = "One is being made, or the folder will not do")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn start(
    State(state): State<ApiState>,
    _: Operator,
    JsonBody(body): JsonBody<NewBackupBody>,
) -> Result<Response, Problem> {
    if !body.folder.is_absolute() {
        return Err(Problem::body(
            "folder must be an absolute path on the platform's machine.",
        ));
    }
    let begun = state
        .blocking(move |shared| shared.backups.start(&body.folder))
        .await?
        .map_err(|refused| Problem::new(ProblemKind::CONFLICT, refusal(refused)))?;
    Ok((StatusCode::ACCEPTED, Json(BackupView::from(&begun))).into_response())
}

fn refusal(refused: BackupRefused) -> String {
    match refused {
        BackupRefused::Busy => "Another backup is being made. GET /v1/backup tells of it.".into(),
        BackupRefused::Folder(why) => why,
    }
}

/// The backup that is being made, or the last one since the platform started.
#[utoipa::path(get, path = "/v1/backup", tag = "operations",
    responses((status = 200, body = BackupView), (status = 404, description = "None since the start")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    _: Operator,
) -> Result<Json<BackupView>, Problem> {
    let last = state.backups.last();
    let last = last.ok_or_else(|| {
        Problem::not_found("No backup was made since the platform started. POST begins one.")
    })?;
    Ok(Json(BackupView::from(&last)))
}
