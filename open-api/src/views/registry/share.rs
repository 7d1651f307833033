//! A Share on its way out.

use device_registry::{Share, SharedWhat};
use domain::Timestamp;
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::Rfc3339;

/// What one agency lets another read: of a model, or of a group.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Share, example = json!({
    "id": "0650c2b1a4f00Zb31xQ9k", "agency": "seoul", "to": "busan", "model": "disaster.water-level",
    "group": null, "position": "coarse", "until": "2026-12-31T15:00:00Z", "state": "active",
    "created": "2026-05-01T00:00:00Z"
}))]
pub(crate) struct ShareView {
    id: String,
    /// Whose data it is.
    agency: String,
    /// Whose people and programs read it.
    to: String,
    model: Option<String>,
    group: Option<String>,
    /// `exact`, or `coarse`: as the public sees places.
    position: &'static str,
    /// null: until it is removed.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Rfc3339>,
    /// `active` or `ended`.
    state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
}

impl ShareView {
    pub(crate) fn new(share: &Share, now: Timestamp) -> Self {
        let (model, group) = match &share.what {
            SharedWhat::Model(id) => (Some(id.to_string()), None),
            SharedWhat::Group(id) => (None, Some(id.to_string())),
        };
        Self {
            id: share.id.to_string(),
            agency: share.giver.to_string(),
            to: share.receiver.to_string(),
            model,
            group,
            position: share.position.as_str(),
            until: share.until.map(Rfc3339),
            state: if share.stands(now) { "active" } else { "ended" },
            created: Rfc3339(share.created),
        }
    }
}

impl Row for ShareView {
    const COLUMNS: &'static [&'static str] = &[
        "id", "agency", "to", "model", "group", "position", "until", "state", "created",
    ];
}
