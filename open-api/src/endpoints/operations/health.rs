//! `/healthz` and `/readyz`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http_edge::{Problem, ProblemKind};
use ingest::ClockStanding;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::ApiState;

/// Frames that may wait to be applied before the platform counts as lagging:
/// a second or so at full speed.
const MAX_LAG: u64 = 500_000;

/// A task that tells that it is alive does so each second.
const MAX_SILENCE: Duration = Duration::from_secs(10);

/// How the platform is.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthView {
    #[schema(example = "ready")]
    status: &'static str,
    /// What is wrong with the system's clock, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<String>,
}

/// The process lives.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, body = HealthView)))]
pub(crate) async fn alive() -> Json<HealthView> {
    Json(HealthView {
        status: "alive",
        clock: None,
    })
}

/// The platform takes data and answers questions.
#[utoipa::path(get, path = "/readyz", tag = "operations",
    responses((status = 200, body = HealthView), (status = 503, description = "Not now")))]
pub(crate) async fn ready(State(state): State<ApiState>) -> Result<Json<HealthView>, Problem> {
    let healthy = tokio::select! {
        biased;
        _ = state.ingest.failed() => false,
        () = std::future::ready(()) => true,
    };
    if !healthy {
        return Err(Problem::new(
            ProblemKind::UNAVAILABLE,
            "The log has failed: nothing is accepted any more.",
        ));
    }
    if let Some(ended) = state.supervisor.ended() {
        return Err(Problem::new(ProblemKind::UNAVAILABLE, ended.to_string()));
    }
    let silent = state.supervisor.silent(MAX_SILENCE);
    if !silent.is_empty() {
        let names = silent.join(", ");
        return Err(Problem::new(
            ProblemKind::UNAVAILABLE,
            format!("Not heard of for {} s: {names}.", MAX_SILENCE.as_secs()),
        )
        .retry_after(1));
    }
    let durable = state.ingest.durable_offset().get();
    let applied = state.ingest.applied_offset().get();
    if durable.saturating_sub(applied) > MAX_LAG {
        return Err(Problem::new(
            ProblemKind::UNAVAILABLE,
            "What is durable is not applied yet.",
        )
        .retry_after(1));
    }
    let clock = state.clock.report();
    match (clock.standing, clock.says) {
        (ClockStanding::Behind | ClockStanding::Strange, Some(says)) => {
            Err(Problem::new(ProblemKind::UNAVAILABLE, says))
        }
        (_, clock) => Ok(Json(HealthView {
            status: "ready",
            clock,
        })),
    }
}
