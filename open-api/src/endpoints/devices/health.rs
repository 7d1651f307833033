//! `/v1/health`: the devices by how well they do, from the scores that are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use device_registry::Device;
use domain::{AgencyId, DeviceId, GroupId};
use health::{KeptHealth, NEVER, REASONS};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{Limit, Query, Text, what_there_is};
use serde::Deserialize;
use utoipa::IntoParams;

use super::device::{DevicesQuery, devices};
use crate::access::Permitted;
use crate::params::{Viewer, named_group};
use crate::state::{ApiState, Shared};
use crate::views::{AgencyHealthView, KeptHealthView};

/// Of the problem that names a reason which is none.
const REASONS_LISTED: &str = "docs/health.md";

#[derive(Deserialize, IntoParams, Clone)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HealthQuery {
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    /// As `traffic`.
    domain: Option<String>,
    /// As `traffic.flow`, or `flow` alone.
    model: Option<String>,
    /// Those of a group.
    #[param(value_type = Option<String>)]
    group: Option<Text<GroupId>>,
    /// Those whose score is less.
    #[param(value_type = Option<u8>)]
    below: Option<Text<u8>>,
    /// Those that lose points for it, as `stuck`; `never` for those from which
    /// nothing was ever received.
    reason: Option<String>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// The place in the list: worst first, and of equals in order of id.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place(u8, DeviceId);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (score, device) = text.split_once(' ').ok_or(())?;
        let device = DeviceId::new(device).map_err(|_| ())?;
        Ok(Self(score.parse().map_err(|_| ())?, device))
    }
}

/// The devices in service by their health, worst first. A score is of the time
/// `at`: a pass over all devices goes on in the background. One that is new has
/// none yet, and is not in the list. Where scores change between two pages, a
/// device may be on both or on none.
#[utoipa::path(get, path = "/v1/health/devices", tag = "devices", params(HealthQuery),
    responses((status = 200, body = List<KeptHealthView>)),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Query(query): Query<HealthQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.as_ref().map_or(Limit::default(), |it| it.0).0;
    let after: Option<Place> = read_cursor(query.cursor.as_deref())?;
    query.check_reason()?;
    let snapshot = state.registry.snapshot();
    let (now, scope) = (state.now(), permitted.scope());
    let viewer = Viewer::from(scope.clone());
    let group = match named_group(&snapshot, &viewer, query.group.as_ref())? {
        Some(group) => Some(state.group_devices(&snapshot, &group).await?.devices),
        None => None,
    };
    let (registry, words) = (Arc::clone(&snapshot), query.devices());
    let wanted = words.clone();
    let scan = move |shared: &Shared| {
        let scores = shared.fleet.scores();
        let mut found: Vec<(&Arc<Device>, &KeptHealth)> =
            devices(&registry, group.as_deref(), None)
                .filter(|device| scope.covers(&device.agency) && wanted.passes(device, now))
                .filter_map(|device| Some((device, scores.of(&device.id)?)))
                .filter(|(_, health)| query.passes(health))
                .filter(|(device, health)| {
                    let place = (health.score, &device.id);
                    after.as_ref().is_none_or(|it| place > (it.0, &it.1))
                })
                .collect();
        found.sort_unstable_by_key(|(device, health)| (health.score, &device.id));
        let more = split_page(&mut found, limit);
        let last = found.last().filter(|_| more);
        let last = last.map(|(device, health)| Place(health.score, device.id.clone()));
        let views = found
            .iter()
            .map(|(device, health)| KeptHealthView::new(device, health));
        let views: Vec<KeptHealthView> = views.collect();
        (views.is_empty(), request.page(views, last.as_ref()))
    };
    let (is_empty, page) = state.scanning(scan).await?;
    if is_empty {
        words.check(&snapshot, &viewer)?;
    }
    Ok(page)
}

/// The health of the caller's agencies in short: how many of the devices in
/// service do well, and what is wrong with the others.
#[utoipa::path(get, path = "/v1/health/summary", tag = "devices",
    responses((status = 200, body = List<AgencyHealthView>)),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn summary(
    State(state): State<ApiState>,
    permitted: Permitted,
    request: ListRequest,
) -> Result<Response, Problem> {
    let snapshot = state.registry.snapshot();
    let (now, scope) = (state.now(), permitted.scope());
    let scan = move |shared: &Shared| {
        let scores = shared.fleet.scores();
        let mut agencies: BTreeMap<&AgencyId, AgencyHealthView> = BTreeMap::new();
        let own = snapshot
            .devices(None)
            .filter(|device| scope.covers(&device.agency));
        for device in own.filter(|device| device.admitted(now)) {
            let agency = agencies.entry(&device.agency);
            let agency = agency.or_insert_with(|| AgencyHealthView::new(&device.agency));
            agency.count(scores.of(&device.id));
        }
        request.whole(agencies.into_values().collect())
    };
    state.scanning(scan).await
}

impl HealthQuery {
    /// What it says of devices alone.
    fn devices(&self) -> DevicesQuery {
        DevicesQuery {
            agency: self.agency.clone(),
            domain: self.domain.clone(),
            model: self.model.clone(),
            // One that is shut out is meant to be silent.
            status: Some("active".to_owned()),
            ..DevicesQuery::default()
        }
    }

    /// Refuses a reason that is none.
    fn check_reason(&self) -> Result<(), Problem> {
        let Some(word) = self.reason.as_deref() else {
            return Ok(());
        };
        let mut known: Vec<&str> = REASONS.into_iter().chain([NEVER]).collect();
        if known.contains(&word) {
            return Ok(());
        }
        known.sort_unstable();
        let there = what_there_is(word, &known, REASONS_LISTED);
        Err(Problem::parameter(format!(
            "reason: there is no reason {word}.{there}"
        )))
    }

    fn passes(&self, health: &KeptHealth) -> bool {
        self.below
            .as_ref()
            .is_none_or(|below| health.score < below.0)
            && self
                .reason
                .as_deref()
                .is_none_or(|reason| health.reasons().any(|code| code == reason))
    }
}
