//! The versions that a model and its refinements have had, as they were added.

use domain::{AgencyId, ModelId, Timestamp};
use parking_lot::MutexGuard;

use super::difference::differences;
use super::{Model, ModelDifference, ModelOrigin, ModelVersion, RefinedModel};
use crate::registry::Registry;
use crate::store::{StoreError, VersionRow};

/// Versions that are read before changes get their turn: at most a megabyte.
const PIECE_VERSIONS: u32 = 16;

/// One version.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredVersion {
    pub model: Model,
    pub origin: ModelOrigin,
    /// Of a refinement: for whose devices it is.
    pub agency: Option<AgencyId>,
    pub created: Timestamp,
    /// What it changes of the one before; of a refinement, of the model.
    pub differences: Vec<ModelDifference>,
}

impl Registry {
    /// The versions of a model after `after`, the oldest first, up to `limit`;
    /// none where there is no such model.
    pub fn model_versions(
        &self,
        id: &ModelId,
        after: ModelVersion,
        limit: usize,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        let mut found: Vec<StoredVersion> = Vec::new();
        let base = self.store().model_base(id, after)?;
        let parse = |content: &str, version| {
            Model::parse(content.as_bytes(), version)
                .map_err(|error| unreadable(id, version, error))
        };
        let mut base = base
            .map(|row| parse(&row.content, row.version))
            .transpose()?;
        let mut last = after;
        while found.len() < limit {
            let store = self.store();
            let rows = store.model_versions(id, last, PIECE_VERSIONS);
            // To whoever waits with a change.
            MutexGuard::unlock_fair(store);
            let rows = rows?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                last = row.version;
                let model = match (&row.agency, &base) {
                    (None, _) => parse(&row.content, row.version)?,
                    (Some(_), Some(base)) => refined(id, base, &row)?,
                    (Some(_), None) => return Err(unreadable(id, row.version, "it has no model")),
                };
                found.push(StoredVersion {
                    differences: base
                        .as_ref()
                        .map_or_else(Vec::new, |base| differences(base, &model)),
                    origin: row.origin,
                    agency: row.agency.clone(),
                    created: row.created,
                    model: model.clone(),
                });
                if row.agency.is_none() {
                    base = Some(model);
                }
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}

fn refined(id: &ModelId, base: &Model, row: &VersionRow) -> Result<Model, StoreError> {
    let refinement = serde_json::from_str(&row.content);
    let refinement = refinement.map_err(|error| unreadable(id, row.version, error))?;
    let refined = RefinedModel::new(refinement, base, row.version);
    Ok(Model::clone(&refined.model))
}

fn unreadable(id: &ModelId, version: ModelVersion, why: impl std::fmt::Display) -> StoreError {
    StoreError::Row(format!("model {id}, version {}: {why}", version.0))
}
