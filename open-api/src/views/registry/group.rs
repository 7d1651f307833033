//! A Group on its way out.

use device_registry::{Group, GroupQuery, Members};
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::Rfc3339;

/// Devices of one agency under one name, listed or by a query.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Group, example = json!({
    "id": "han-river", "agency": "seoul", "name": "한강 수위", "listed": null,
    "query": {"model": "disaster.water-level", "tag": "하천", "bbox": null, "boundary": null, "text": null},
    "created": "2026-05-01T00:00:00Z"
}))]
pub(crate) struct GroupView<'a> {
    id: &'a str,
    agency: &'a str,
    name: &'a str,
    /// How many devices it lists; null where it has a query.
    listed: Option<usize>,
    /// Null where it lists its devices.
    query: Option<GroupQueryView<'a>>,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
}

/// What a device needs to be in the group; null is not asked for.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = GroupQuery)]
pub(crate) struct GroupQueryView<'a> {
    model: Option<&'a str>,
    tag: Option<&'a str>,
    /// West, south, east, north, in degrees.
    bbox: Option<[f64; 4]>,
    boundary: Option<&'a str>,
    text: Option<&'a str>,
}

impl<'a> From<&'a Group> for GroupView<'a> {
    fn from(group: &'a Group) -> Self {
        let (listed, query) = match &group.members {
            Members::Listed(devices) => (Some(devices.len()), None),
            Members::Query(query) => (None, Some(GroupQueryView::from(query))),
        };
        Self {
            id: group.id.as_str(),
            agency: group.agency.as_str(),
            name: &group.name,
            listed,
            query,
            created: Rfc3339(group.created),
        }
    }
}

impl<'a> From<&'a GroupQuery> for GroupQueryView<'a> {
    fn from(query: &'a GroupQuery) -> Self {
        Self {
            model: query.model.as_ref().map(|model| model.as_str()),
            tag: query.tag.as_ref().map(|tag| tag.as_str()),
            bbox: query.bbox.map(Into::into),
            boundary: query.boundary.as_ref().map(|name| name.as_str()),
            text: query.text.as_deref(),
        }
    }
}

impl Row for GroupView<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "agency",
        "name",
        "listed",
        "query.model",
        "query.tag",
        "query.bbox",
        "query.boundary",
        "query.text",
        "created",
    ];
}
