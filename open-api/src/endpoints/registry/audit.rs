//! `/v1/audit`: who changed what in the registry.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use device_registry::{AuditOrder, AuditQuery};
use domain::{AgencyId, Scope};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{Limit, Query, Text};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::{Operator, Permitted};
use crate::params::{KnownWords, Time, Viewer};
use crate::state::ApiState;
use crate::views::{AuditEntryView, AuditHeadView};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditParams {
    /// RFC 3339 with an offset; inclusive.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// Exclusive.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Time>,
    /// As the entries name it: `operator`, `application:{id}`.
    actor: Option<String>,
    /// Of the object, as `device`, `agency` or `person`.
    kind: Option<String>,
    /// The object's id.
    object: Option<String>,
    /// Whose the object is. Whoever may read the audit of several agencies, and not
    /// of all, says of which.
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    /// `asc`, oldest first, is the default; `desc`.
    order: Option<String>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

impl AuditParams {
    fn limit(&self) -> usize {
        let limit = self.limit.as_ref();
        limit.map_or(Limit::default(), |limit| limit.0).0
    }

    /// With one entry more than a page has; the entries of `own` alone, where the
    /// caller reads those of an agency and not all.
    fn question(&self, own: Option<AgencyId>) -> Result<AuditQuery, Problem> {
        let order = match self.order.as_deref() {
            None | Some("asc") => AuditOrder::OldestFirst,
            Some("desc") => AuditOrder::NewestFirst,
            Some(_) => return Err(Problem::parameter("order is asc or desc")),
        };
        let (from, to) = (self.from.map(|time| time.0), self.to.map(|time| time.0));
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Problem::parameter("from lies after to"));
        }
        let agency = self.agency.as_ref();
        Ok(AuditQuery {
            from,
            to,
            actor: self.actor.clone(),
            kind: self.kind.clone(),
            object: self.object.clone(),
            agency: agency.map(|agency| agency.0.to_string()),
            counted_by: own,
            order,
            after: read_cursor(self.cursor.as_deref())?,
            limit: self.limit() + 1,
        })
    }
}

/// Who changed what, when, from where and by which means, with what it was
/// before and after. Entries are kept for ever, and each holds the hash of the
/// one before: `madang audit verify` tells whether one was altered or is missing.
/// Whoever may read one agency's audit alone sees what concerns that agency,
/// numbered by itself.
#[utoipa::path(get, path = "/v1/audit", tag = "registry", params(AuditParams),
    responses((status = 200, body = List<AuditEntryView>)),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Query(query): Query<AuditParams>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let own = query.own_agency(&permitted, &state)?;
    let is_whole = own.is_none();
    let question = query.question(own)?;
    let mut entries = state
        .scanning(move |shared| shared.registry.audit(&question))
        .await?
        .map_err(|error| Problem::internal(&error))?;
    if entries.is_empty() {
        query.check(&state, permitted.scope())?;
    }
    let more = split_page(&mut entries, query.limit());
    let view = if is_whole {
        AuditEntryView::from
    } else {
        AuditEntryView::of_agency
    };
    let views: Vec<AuditEntryView> = entries.into_iter().map(view).collect();
    let last = views.last().filter(|_| more).map(AuditEntryView::number);
    Ok(request.page(views, last.as_ref()))
}

impl AuditParams {
    /// Refuses an agency that does not exist, or that the caller may not ask for.
    fn check(&self, state: &ApiState, scope: Scope) -> Result<(), Problem> {
        let known = KnownWords {
            snapshot: &state.registry.snapshot(),
            viewer: &Viewer::from(scope),
            summary: &[],
        };
        known.agency(self.agency.as_ref().map(|text| text.0.as_str()))
    }

    /// Whose entries alone the caller reads; `None`: everybody's.
    fn own_agency(
        &self,
        permitted: &Permitted,
        state: &ApiState,
    ) -> Result<Option<AgencyId>, Problem> {
        let Scope::Agencies(agencies) = permitted.scope() else {
            permitted.everywhere()?;
            return Ok(None);
        };
        if let Some(Text(wanted)) = &self.agency {
            self.check(state, Scope::Agencies(agencies))?;
            return Ok(Some(wanted.clone()));
        }
        match &*agencies {
            [one] => Ok(Some(one.clone())),
            several => {
                let several: Vec<&str> = several.iter().map(AgencyId::as_str).collect();
                Err(Problem::parameter(format!(
                    "agency: you may read the audit of several, so say of which: {}",
                    several.join(", ")
                )))
            }
        }
    }
}

/// The last entry's number and hash. Keep them where nobody of the platform's
/// can write: the chain up to there cannot be altered unseen any more.
#[utoipa::path(get, path = "/v1/audit/head", tag = "registry",
    responses((status = 200, body = AuditHeadView)),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn head(
    State(state): State<ApiState>,
    _: Operator,
) -> Result<Json<AuditHeadView>, Problem> {
    let head = state
        .blocking(|shared| shared.registry.audit_head())
        .await?;
    Ok(Json(head.into()))
}
