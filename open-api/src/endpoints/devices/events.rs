//! "Why does it not connect?": events of a device, refusals of anybody, and
//! what was quarantined.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use device_registry::{Event, Permission, Snapshot};
use domain::Offset;
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{Limit, Query, Text};
use serde::Deserialize;
use utoipa::IntoParams;

use super::device::permitted_device;
use crate::access::{Operator, Permitted};
use crate::state::ApiState;
use crate::views::{EventView, QuarantinedView};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Only what came after this `sequence`.
    #[serde(default)]
    after: u64,
    /// 1 to 10,000; 100 by default: the newest so many.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
}

impl EventsQuery {
    fn limit(&self) -> usize {
        self.limit
            .as_ref()
            .map_or(Limit::default(), |limit| limit.0)
            .0
    }
}

/// The last events of a device, newest last: at most 1,000 are kept. Follow
/// with `after`.
#[utoipa::path(get, path = "/v1/devices/{id}/events", tag = "devices",
    params(("id" = String, Path, description = "The device's id"), EventsQuery),
    responses((status = 200, body = List<EventView>), (status = 404, description = "There is no such device")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn of_device(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let snapshot = state.registry.snapshot();
    let device = permitted_device(&permitted, &snapshot, &id)?;
    let events = state
        .registry
        .events()
        .of_device(&device.id, query.after, query.limit());
    let shown = |event: &Arc<Event>| shown(&permitted, &snapshot, event);
    Ok(request.whole(events.iter().map(shown).collect()))
}

/// The last refusals at the listeners, of known and unknown identities, newest
/// last: at most 1,000 are kept.
#[utoipa::path(get, path = "/v1/refused", tag = "devices", params(EventsQuery),
    responses((status = 200, body = List<EventView>)),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn refused(
    State(state): State<ApiState>,
    operator: Operator,
    Query(query): Query<EventsQuery>,
    request: ListRequest,
) -> Response {
    let events = state.registry.events().refused(query.after, query.limit());
    let snapshot = state.registry.snapshot();
    let shown = |event: &Arc<Event>| shown(&operator, &snapshot, event);
    request.whole(events.iter().map(shown).collect())
}

/// An event, with what the device sent only for who may read its data. What
/// nobody is known to have sent may be any agency's.
fn shown(permitted: &Permitted, snapshot: &Snapshot, event: &Event) -> EventView {
    let device = event.device.as_ref();
    let device = device.and_then(|id| snapshot.device(id.as_str()));
    let rights = permitted.rights();
    let reads = match device {
        Some(device) => rights.allow(Permission::ReadData, &device.agency),
        None => rights.allow_everywhere(Permission::ReadData),
    };
    let view = EventView::from(event);
    if reads { view } else { view.without_head() }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuarantineQuery {
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
    /// Only what came after this offset.
    #[serde(default)]
    after: u64,
}

/// What was refused of a device's telemetry, and why, oldest first.
#[utoipa::path(get, path = "/v1/devices/{id}/quarantine", tag = "devices",
    params(("id" = String, Path, description = "The device's id"), QuarantineQuery),
    responses((status = 200, body = List<QuarantinedView>), (status = 404, description = "There is no such device")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn quarantine(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    Query(query): Query<QuarantineQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let after: Option<u64> = read_cursor(query.cursor.as_deref())?;
    let after = Offset::new(after.unwrap_or(0).max(query.after));
    let snapshot = state.settled().await;
    let device = permitted_device(&permitted, &snapshot, &id)?;
    let mut messages = state.ingest.quarantine(&device.id);
    messages.retain(|message| message.offset > after);
    let more = split_page(&mut messages, limit);
    let last = messages
        .last()
        .filter(|_| more)
        .map(|message| message.offset);
    let views = messages.iter().map(QuarantinedView::from).collect();
    Ok(request.page(views, last.as_ref()))
}
