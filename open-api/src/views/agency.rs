//! An Agency on its way out.

use device_registry::Agency;
use serde::Serialize;
use utoipa::ToSchema;

use super::Rfc3339;
use crate::csv_table::Row;

/// A public body that owns things and data.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Agency, example = json!({"id": "seoul", "name": "서울특별시", "created": "2026-05-01T00:00:00Z"}))]
pub(crate) struct AgencyView {
    id: String,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
}

impl From<&Agency> for AgencyView {
    fn from(agency: &Agency) -> Self {
        Self {
            id: agency.id.to_string(),
            name: agency.name.clone(),
            created: Rfc3339(agency.created),
        }
    }
}

impl Row for AgencyView {
    const COLUMNS: &'static [&'static str] = &["id", "name", "created"];
}
