//! `/v1/health`: the devices by how well they do, from the scores that are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::{AgencyId, DeviceId, GroupId};
use health::{KeptHealth, NEVER, Place, REASONS};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{Limit, Query, Text, what_there_is};
use serde::Deserialize;
use utoipa::IntoParams;

use super::device::DevicesQuery;
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

/// A page begins after it.
struct Cursor(Place);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.score, self.0.device)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (score, device) = text.split_once(' ').ok_or(())?;
        Ok(Self(Place {
            score: score.parse().map_err(|_| ())?,
            device: DeviceId::new(device).map_err(|_| ())?,
        }))
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
    let after: Option<Cursor> = read_cursor(query.cursor.as_deref())?;
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
        let mut found = Vec::new();
        // The pass waits for this, so views are made afterwards.
        let scores = shared.fleet.scores();
        let is_asked = |agency: &AgencyId| scope.covers(agency) && query.asks_of(agency);
        let listed = scores
            .worst_first(is_asked, after.as_ref().map(|cursor| &cursor.0))
            .take_while(|(place, _)| query.reaches(place))
            .filter(|(_, health)| query.passes(health))
            .filter(|(place, _)| {
                let group = group.as_deref();
                group.is_none_or(|ids| ids.binary_search(&place.device).is_ok())
            })
            .filter_map(|(place, health)| {
                let device = registry.device(place.device.as_str())?;
                let passes = device.agency == health.agency && wanted.passes(device, now);
                passes.then(|| (device, Arc::clone(health)))
            });
        found.extend(listed.take(limit + 1));
        drop(scores);
        let more = split_page(&mut found, limit);
        let last = found.last().filter(|_| more).map(|(device, health)| {
            Cursor(Place {
                score: health.score,
                device: device.id.clone(),
            })
        });
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
            agency.count(scores.of(device).map(AsRef::as_ref));
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

    fn asks_of(&self, agency: &AgencyId) -> bool {
        self.agency.as_ref().is_none_or(|asked| asked.0 == *agency)
    }

    /// Whether such a score is asked for; of a greater one, then, none is.
    fn reaches(&self, place: &Place) -> bool {
        let below = self.below.as_ref();
        below.is_none_or(|below| place.score < below.0)
    }

    fn passes(&self, health: &KeptHealth) -> bool {
        let reason = self.reason.as_deref();
        reason.is_none_or(|reason| health.reasons().any(|code| code == reason))
    }
}
