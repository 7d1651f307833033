//! Reads data models and what agencies say otherwise of them.

use std::sync::Arc;

use domain::{AgencyId, ModelId, Timestamp};
use rusqlite::{Connection, Row, params};

use super::{RowError, rows, rows_of, text, time};
use crate::model::{Model, ModelOrigin, ModelVersion, RefinedModel, Refinement};
use crate::registry::ModelRow;
use crate::snapshot::Snapshot;
use crate::store::StoreError;

/// Whether `content` was a version of a model at any time.
pub(in crate::store) fn has_model_version(
    connection: &Connection,
    content: &[u8],
) -> Result<bool, StoreError> {
    let Ok(content) = std::str::from_utf8(content) else {
        return Ok(false);
    };
    connection
        .query_row(
            "SELECT EXISTS (SELECT 1 FROM model WHERE content = ?1)",
            [content],
            |row| row.get(0),
        )
        .map_err(StoreError::on("look for a model"))
}

/// The newest version of each is in force.
pub(super) fn load_models(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<Vec<ModelRow>, StoreError> {
    let mut models = Vec::new();
    let sql = "SELECT id, version, content, origin, created FROM model ORDER BY id, version";
    rows(connection, sql, |row| {
        let row = model_row(row)?;
        let model = Model::parse(row.content.as_bytes(), row.version)
            .map_err(|_| RowError::Value("content"))?;
        snapshot.put_model(Arc::new(model));
        models.push(row);
        Ok(())
    })?;
    Ok(models)
}

/// The newest of each agency is in force, of the model as it is now: a new version
/// of a model gives each a number again.
pub(super) fn load_refinements(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT model, agency, version, content FROM model_refinement
               ORDER BY model, version";
    rows(connection, sql, |row| {
        let model = ModelId::new(text(row, "model")?)?;
        let agency = AgencyId::new(text(row, "agency")?)?;
        let content = serde_json::from_str(text(row, "content")?);
        let refinement: Refinement = content.map_err(|_| RowError::Value("content"))?;
        let model = snapshot.model(&model).ok_or(RowError::Value("model"))?;
        let version = ModelVersion(row.get("version")?);
        let refined = RefinedModel::new(refinement, model, version);
        snapshot.put_refined(agency, refined);
        Ok(())
    })
}

fn model_row(row: &Row<'_>) -> Result<ModelRow, RowError> {
    Ok(ModelRow {
        id: ModelId::new(text(row, "id")?)?,
        version: ModelVersion(row.get("version")?),
        content: text(row, "content")?.into(),
        origin: ModelOrigin::parse(text(row, "origin")?).ok_or(RowError::Value("origin"))?,
        created: time(row, "created")?,
    })
}

/// A version of a model, or of what an agency says otherwise of it.
pub(crate) struct VersionRow {
    pub(crate) version: ModelVersion,
    /// The data file, or the refinement where there is an agency.
    pub(crate) content: Box<str>,
    pub(crate) origin: ModelOrigin,
    pub(crate) agency: Option<AgencyId>,
    pub(crate) created: Timestamp,
}

/// The newest version of the model itself up to `last`.
pub(in crate::store) fn model_base(
    connection: &Connection,
    id: &ModelId,
    last: ModelVersion,
) -> Result<Option<ModelRow>, StoreError> {
    let mut found = None;
    let sql = "SELECT id, version, content, origin, created FROM model
               WHERE id = ?1 AND version <= ?2 ORDER BY version DESC LIMIT 1";
    rows_of(connection, sql, params![id.as_str(), last.0], |row| {
        found = Some(model_row(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// How often the agency has refined the model: also by a new version of it.
pub(in crate::store) fn count_refinements(
    connection: &Connection,
    model: &ModelId,
    agency: &AgencyId,
) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM model_refinement WHERE model = ?1 AND agency = ?2";
    let asked = params![model.as_str(), agency.as_str()];
    let mut count = 0;
    rows_of(connection, sql, asked, |row| {
        count = row.get(0)?;
        Ok(())
    })?;
    Ok(count)
}

/// Versions of a model and of its refinements after `after`, the oldest first.
pub(in crate::store) fn model_versions(
    connection: &Connection,
    id: &ModelId,
    after: ModelVersion,
    most: u32,
) -> Result<Vec<VersionRow>, StoreError> {
    let mut versions = Vec::new();
    let sql = "SELECT version, content, origin, created, NULL AS agency FROM model
                   WHERE id = ?1 AND version > ?2
               UNION ALL
               SELECT version, content, 'agency', created, agency FROM model_refinement
                   WHERE model = ?1 AND version > ?2
               ORDER BY version LIMIT ?3";
    let asked = params![id.as_str(), after.0, most];
    rows_of(connection, sql, asked, |row| {
        let agency: Option<String> = row.get("agency")?;
        versions.push(VersionRow {
            version: ModelVersion(row.get("version")?),
            content: text(row, "content")?.into(),
            origin: ModelOrigin::parse(text(row, "origin")?).ok_or(RowError::Value("origin"))?,
            agency: agency.map(AgencyId::new).transpose()?,
            created: time(row, "created")?,
        });
        Ok(())
    })?;
    Ok(versions)
}
