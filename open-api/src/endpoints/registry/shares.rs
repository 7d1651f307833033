//! `/v1/shares`: what one agency lets another read.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{
    CreateShareError, EndShareError, NewShare, Position, Share, SharedWhat, Snapshot,
};
use domain::{AgencyId, GroupId, ModelId, Scope, ShareId};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{JsonBody, Limit, Query, Text};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::params::{Time, nullable};
use crate::state::ApiState;
use crate::views::ShareView;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SharesQuery {
    /// Only what this agency gives or receives.
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// What the caller's agencies share with others, and what is shared with them, in
/// the order of making; what has ended too, until it is removed.
#[utoipa::path(get, path = "/v1/shares", tag = "registry", params(SharesQuery),
    responses((status = 200, body = List<ShareView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Query(query): Query<SharesQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let after: Option<ShareId> = read_cursor(query.cursor.as_deref())?;
    let wanted = query.agency.map(|agency| agency.0);
    let (snapshot, now) = (state.registry.snapshot(), state.now());
    let scope = permitted.scope();
    let mut shares: Vec<&Arc<Share>> = snapshot
        .shares()
        .filter(|share| is_shown(share, &scope))
        .filter(|share| wanted.as_ref().is_none_or(|id| concerns(share, id)))
        .filter(|share| after.as_ref().is_none_or(|after| share.id > *after))
        .take(limit + 1)
        .collect();
    let more = split_page(&mut shares, limit);
    let last = shares.last().filter(|_| more).map(|share| &share.id);
    let views = shares.iter().map(|share| ShareView::new(share, now));
    Ok(request.page(views.collect(), last))
}

/// What is to be shared: a `model` or a `group`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewShare, example = json!({
    "agency": "seoul", "to": "busan", "model": "disaster.water-level", "position": "coarse",
    "until": "2027-01-01T00:00:00+09:00"
}))]
pub(crate) struct NewShareBody {
    /// Whose data it is.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    agency: Text<AgencyId>,
    /// Whose people and programs read it.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    to: Text<AgencyId>,
    /// All that the agency has of it, whenever it is registered.
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9-]{1,64}[.][a-z0-9-]{1,64}(~[A-Za-z0-9._~-]{1,64})?$")]
    model: Option<Text<ModelId>>,
    /// What the devices send that are in it, as long as they are.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    group: Option<Text<GroupId>>,
    /// `exact`, or `coarse`: as the public sees places.
    position: String,
    /// From then on nothing is shared; left out or null, until it is removed.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
}

impl NewShareBody {
    fn read(self) -> Result<NewShare, Problem> {
        let what = match (self.model, self.group) {
            (Some(model), None) => SharedWhat::Model(model.0),
            (None, Some(group)) => SharedWhat::Group(group.0),
            _ => return Err(Problem::body("A share has a model or a group.")),
        };
        let position = Position::parse(&self.position);
        Ok(NewShare {
            giver: self.agency.0,
            receiver: self.to.0,
            what,
            position: position.ok_or_else(|| Problem::body("position is exact or coarse"))?,
            until: self.until.map(|time| time.0),
        })
    }
}

/// Shares data with another agency: whoever has `read-data` there reads it, what is
/// restricted too, until the share ends or is removed.
#[utoipa::path(post, path = "/v1/shares", tag = "registry", request_body = NewShareBody,
    responses((status = 201, body = ShareView), (status = 409, description = "This is shared already, or there are too many")))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    permitted: Permitted,
    JsonBody(body): JsonBody<NewShareBody>,
) -> Result<Response, Problem> {
    let new = body.read()?;
    if !permitted.sees(&new.giver) {
        return Err(registry_problem(&CreateShareError::UnknownAgency(
            new.giver,
        )));
    }
    permitted.in_agency(&new.giver)?;
    // It outlives the session that made it.
    permitted.has_just_logged_in(state.now())?;
    let made = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.create_share(actor, new)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    let view = ShareView::new(&made, state.now());
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// One share.
#[utoipa::path(get, path = "/v1/shares/{id}", tag = "registry",
    params(("id" = String, Path, description = "The share's id")),
    responses((status = 200, body = ShareView), (status = 404, description = "There is none")))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let snapshot = state.registry.snapshot();
    let share = find(&snapshot, &permitted, &id)?;
    Ok(Json(ShareView::new(share, state.now())).into_response())
}

/// When a share ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SharePatch, example = json!({"until": "2027-01-01T00:00:00+09:00"}))]
pub(crate) struct SharePatchBody {
    /// null: when it is removed.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    until: Option<Time>,
}

/// Gives a share another end. What is shared, and with whom, stays: that is another
/// share.
#[utoipa::path(patch, path = "/v1/shares/{id}", tag = "registry",
    params(("id" = String, Path, description = "The share's id")), request_body = SharePatchBody,
    responses((status = 200, body = ShareView), (status = 404, description = "There is none")))]
pub(crate) async fn patch(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<SharePatchBody>,
) -> Result<Json<ShareView>, Problem> {
    let id = of_giver(&state, &permitted, &id)?;
    permitted.has_just_logged_in(state.now())?;
    let until = body.until.map(|time| time.0);
    let patched = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.end_share(actor, &id, until)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(Json(ShareView::new(&patched, state.now())))
}

/// Ends a share at once; the streams and downloads end too that read by it.
#[utoipa::path(delete, path = "/v1/shares/{id}", tag = "registry",
    params(("id" = String, Path, description = "The share's id")),
    responses((status = 204, description = "Nothing is shared by it any more"), (status = 404, description = "There is none")))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = of_giver(&state, &permitted, &id)?;
    state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.remove_share(actor, &id)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

fn concerns(share: &Share, agency: &AgencyId) -> bool {
    share.giver == *agency || share.receiver == *agency
}

/// Both who gives and who receives see what is shared.
fn is_shown(share: &Share, scope: &Scope) -> bool {
    scope.covers(&share.giver) || scope.covers(&share.receiver)
}

fn find<'a>(
    snapshot: &'a Snapshot,
    permitted: &Permitted,
    id: &str,
) -> Result<&'a Arc<Share>, Problem> {
    let id = ShareId::new(id).map_err(|error| Problem::not_found(error.to_string()))?;
    let share = snapshot.share(&id);
    let share = share.filter(|share| is_shown(share, &permitted.scope()));
    share.ok_or_else(|| registry_problem(&EndShareError::Unknown(id)))
}

/// The share that is the caller's to change: its receiver sees it, and no more.
fn of_giver(state: &ApiState, permitted: &Permitted, id: &str) -> Result<ShareId, Problem> {
    let snapshot = state.registry.snapshot();
    let share = find(&snapshot, permitted, id)?;
    permitted.in_agency(&share.giver)?;
    Ok(share.id.clone())
}
