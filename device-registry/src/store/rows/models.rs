//! How data models are written.

use rusqlite::{Connection, params};

use super::execute;
use crate::registry::{ModelRow, RefinementRow};
use crate::store::StoreError;

pub(super) fn insert(connection: &Connection, model: &ModelRow) -> Result<(), StoreError> {
    execute(
        connection,
        "add a model",
        "INSERT INTO model (id, version, content, origin, created) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            model.id.as_str(),
            model.version.0,
            model.content,
            model.origin.as_str(),
            model.created.as_micros()
        ],
    )
}

pub(super) fn insert_refinement(
    connection: &Connection,
    row: &RefinementRow,
) -> Result<(), StoreError> {
    execute(
        connection,
        "refine a model",
        "INSERT INTO model_refinement (model, agency, version, content, created)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            row.model.as_str(),
            row.agency.as_str(),
            row.version.0,
            row.content,
            row.created.as_micros()
        ],
    )
}
