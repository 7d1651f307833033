//! An Agency on its way out.

use std::collections::BTreeMap;

use device_registry::Agency;
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::Rfc3339;

/// A public body that owns things and data.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Agency, example = json!({"id": "seoul", "name": "서울특별시", "retention_days": {"traffic.flow": 400},
    "created": "2026-05-01T00:00:00Z"}))]
pub(crate) struct AgencyView {
    id: String,
    name: String,
    /// Days that observations of a model are kept, where it is not as the model
    /// says.
    retention_days: BTreeMap<String, u32>,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
}

impl From<&Agency> for AgencyView {
    fn from(agency: &Agency) -> Self {
        Self {
            id: agency.id.to_string(),
            name: agency.name.clone(),
            retention_days: agency
                .retention_days
                .iter()
                .map(|(model, days)| (model.to_string(), *days))
                .collect(),
            created: Rfc3339(agency.created),
        }
    }
}

impl Row for AgencyView {
    const COLUMNS: &'static [&'static str] = &["id", "name", "created", "retention_days"];
}
