//! Something that was found, on its way out.

use device_registry::{Found, Hit, Sight, Snapshot, Tag, Thing};
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::Viewer;
use crate::views::PlaceView;

/// An agency, a boundary, a feature of interest, a group or a thing that a search has found.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Hit, example = json!({
    "kind": "thing", "id": "dev-1", "name": "세종대로 1", "agency": "seoul", "match": "prefix",
    "location": {"lat": 37.5665, "lon": 126.9775}, "devices": ["dev-1"],
    "address": "서울특별시 종로구 세종대로 1", "tags": ["도로변"]
}))]
pub(crate) struct HitView<'a> {
    /// `agency`, `boundary`, `feature`, `group` or `thing`.
    kind: &'static str,
    id: &'a str,
    /// Of a thing, its newest device's; of a boundary and a feature, the Korean one.
    name: &'a str,
    /// Whose it is; null for a boundary.
    agency: Option<&'a str>,
    /// `exact`: a field is just the text; `prefix`: a word begins with it;
    /// `contains`.
    #[serde(rename = "match")]
    rank: &'static str,
    /// Of a thing; for the public, the centre of a 0.001 degree cell.
    location: Option<PlaceView>,
    /// The devices that served the thing, oldest first.
    devices: Vec<&'a str>,
    /// For its owners only.
    address: Option<&'a str>,
    /// For its owners only.
    tags: Vec<&'a str>,
}

impl<'a> HitView<'a> {
    pub(crate) fn new(hit: &Hit<'a>, snapshot: &'a Snapshot, viewer: &Viewer) -> Self {
        let (id, name, agency) = match hit.found {
            Found::Agency(agency) => (agency.id.as_str(), agency.name.as_str(), Some(&agency.id)),
            Found::Boundary(boundary) => (boundary.name.as_str(), boundary.title_ko.as_str(), None),
            Found::Feature(feature) => (
                feature.id.as_str(),
                feature.title_ko.as_str(),
                Some(&feature.agency),
            ),
            Found::Group(group) => (group.id.as_str(), group.name.as_str(), Some(&group.agency)),
            Found::Thing(thing) => (
                thing.id.as_str(),
                thing_name(snapshot, thing),
                Some(&thing.agency),
            ),
        };
        let mut view = Self {
            kind: hit.found.kind().as_str(),
            id,
            name,
            agency: agency.map(|agency| agency.as_str()),
            rank: hit.rank.as_str(),
            location: None,
            devices: Vec::new(),
            address: None,
            tags: Vec::new(),
        };
        if let Found::Thing(thing) = hit.found {
            let place = viewer.place_of_thing(thing, thing.location());
            view.location = place.map(PlaceView::from);
            view.devices = thing.devices.iter().map(|id| id.as_str()).collect();
            if hit.sight == Sight::Whole {
                let said = thing.description();
                view.address = Some(said.address.as_str()).filter(|text| !text.is_empty());
                view.tags = said.tags.iter().map(Tag::as_str).collect();
            }
        }
        view
    }
}

/// A thing is called as its newest device.
pub(crate) fn thing_name<'a>(snapshot: &'a Snapshot, thing: &Thing) -> &'a str {
    let newest = thing.devices.last();
    let newest = newest.and_then(|id| snapshot.device(id.as_str()));
    newest.map_or("", |device| device.name.as_str())
}

impl Row for HitView<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "kind",
        "id",
        "name",
        "agency",
        "match",
        "location.lat",
        "location.lon",
        "devices",
        "address",
        "tags",
    ];
}
