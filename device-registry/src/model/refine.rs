//! An agency refines one of the platform's models for its own devices.
//!
//! A refinement takes the next number among the model's versions: a frame that
//! says a version says by whose word it was judged. So a new version of the model
//! gives each refinement of it a number again.

use std::sync::Arc;

use domain::{AgencyId, ModelId};

use super::add::AddModelError;
use super::difference::differences;
use super::folder::MAX_AGENCY_VERSIONS;
use super::refinement::{Refinement, RefinementFault};
use super::{Model, ModelDifference, ModelVersion};
use crate::registry::{
    Actor, Change, ErrorClass, OperationError, RefinementRow, Registry, RowChange,
};
use crate::snapshot::Snapshot;
use crate::store::StoreError;

/// A refinement and what it makes of its model.
#[derive(Clone, PartialEq, Debug)]
pub struct RefinedModel {
    pub refinement: Refinement,
    pub model: Arc<Model>,
}

/// A refinement that stands now, and what it changes for the agency's devices.
#[derive(Clone, PartialEq, Debug)]
pub struct AddedRefinement {
    pub refined: Arc<RefinedModel>,
    pub differences: Vec<ModelDifference>,
}

/// Why a model was not refined.
#[derive(Debug, thiserror::Error)]
pub enum RefineModelError {
    #[error("no agency {0}")]
    UnknownAgency(AgencyId),
    #[error("no model {0}")]
    UnknownModel(ModelId),
    #[error("model {0} is an agency's own: its owner adds a version of it, POST /v1/models")]
    OfAgency(ModelId),
    #[error(
        "the agency has refined model {0} {MAX_AGENCY_VERSIONS} times, and no more are taken; add a model of its own"
    )]
    TooMany(ModelId),
    #[error("this is no refinement of model {model}: {}", joined(faults))]
    Faults {
        model: ModelId,
        faults: Vec<RefinementFault>,
    },
    #[error(transparent)]
    Follow(#[from] AddModelError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn joined(faults: &[RefinementFault]) -> String {
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    faults.join("; ")
}

impl OperationError for RefineModelError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownAgency(_) => "unknown-agency",
            Self::UnknownModel(_) => "unknown-model",
            Self::OfAgency(_) => "model-of-agency",
            Self::TooMany(_) => "too-many-versions",
            Self::Faults { .. } => "invalid-refinement",
            Self::Follow(error) => error.code(),
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownAgency(_) | Self::UnknownModel(_) => ErrorClass::NotFound,
            Self::OfAgency(_) | Self::TooMany(_) => ErrorClass::Conflict,
            Self::Faults { .. } => ErrorClass::Invalid,
            Self::Follow(error) => error.class(),
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// From now on the agency's devices have the model as `refinement` says, in the
    /// place of what the agency said before.
    pub fn refine_model(
        &self,
        actor: &Actor,
        agency: &AgencyId,
        model: &ModelId,
        refinement: Refinement,
    ) -> Result<AddedRefinement, RefineModelError> {
        let _alone = self.adding_model.lock();
        let times = self.store().count_refinements(model, agency)?;
        let added = self.change(actor, |change| {
            refine(change, agency, model, refinement, times)
        })?;
        self.have_devices_follow(actor, Some(model))?;
        Ok(added)
    }
}

/// The agency has refined it `times` times before.
fn refine(
    change: &mut Change,
    agency: &AgencyId,
    id: &ModelId,
    refinement: Refinement,
    times: u32,
) -> Result<AddedRefinement, RefineModelError> {
    let draft = &change.draft;
    let known = draft.agency(agency);
    let agency = known.ok_or_else(|| RefineModelError::UnknownAgency(agency.clone()))?;
    let agency = agency.id.clone();
    let model = draft.model(id);
    let model = model.ok_or_else(|| RefineModelError::UnknownModel(id.clone()))?;
    if id.agency().is_some() {
        return Err(RefineModelError::OfAgency(id.clone()));
    }
    let faults = refinement.faults(model);
    if !faults.is_empty() {
        let model = id.clone();
        return Err(RefineModelError::Faults { model, faults });
    }
    let standing = draft.refined(id, &agency).cloned();
    if let Some(refined) = standing.filter(|standing| standing.refinement == refinement) {
        change.discard();
        return Ok(AddedRefinement {
            refined,
            differences: Vec::new(),
        });
    }
    if times >= MAX_AGENCY_VERSIONS {
        return Err(RefineModelError::TooMany(id.clone()));
    }
    let before = draft.model_for(&agency, id).unwrap_or(model).clone();
    let model = Arc::clone(model);
    let refined = put(change, &model, agency, refinement);
    Ok(AddedRefinement {
        differences: differences(&before, &refined.model),
        refined,
    })
}

/// After a new version of `model`: its refinements are of that.
pub(super) fn refine_again(change: &mut Change, model: &Model) {
    let standing = change.draft.refinements(&model.id);
    let standing: Vec<(AgencyId, Refinement)> = standing
        .map(|(agency, refined)| (agency.clone(), refined.refinement.clone()))
        .collect();
    for (agency, refinement) in standing {
        put(change, model, agency, refinement);
    }
}

fn put(
    change: &mut Change,
    model: &Model,
    agency: AgencyId,
    refinement: Refinement,
) -> Arc<RefinedModel> {
    let version = change.draft.next_version(&model.id);
    let content = serde_json::to_string(&refinement).expect("texts and finite numbers serialise");
    let refined = RefinedModel::new(refinement, model, version);
    change.write(RowChange::AddRefinement(RefinementRow {
        object: format!("{}@{agency}", model.id).into(),
        model: model.id.clone(),
        agency: agency.clone(),
        version,
        content: content.into(),
        created: change.now,
    }));
    change.draft.put_refined(agency, refined)
}

impl RefinedModel {
    pub(crate) fn new(refinement: Refinement, model: &Model, version: ModelVersion) -> Self {
        let model = Arc::new(Model {
            version,
            ..refinement.over(model)
        });
        Self { refinement, model }
    }
}

impl Snapshot {
    /// The model as devices of the agency have it.
    pub fn model_for(&self, agency: &AgencyId, id: &ModelId) -> Option<&Arc<Model>> {
        match self.refined(id, agency) {
            Some(refined) => Some(&refined.model),
            None => self.model(id),
        }
    }

    /// What an agency says otherwise of a model.
    pub fn refined(&self, id: &ModelId, agency: &AgencyId) -> Option<&Arc<RefinedModel>> {
        self.refined.get(id)?.get(agency)
    }

    /// What agencies say otherwise of a model, in order of agency.
    pub fn refinements(
        &self,
        id: &ModelId,
    ) -> impl Iterator<Item = (&AgencyId, &Arc<RefinedModel>)> {
        self.refined.get(id).into_iter().flatten()
    }

    /// The number after those that the model's versions and refinements have.
    pub(super) fn next_version(&self, id: &ModelId) -> ModelVersion {
        let refined = self.refinements(id).map(|(_, refined)| &refined.model);
        let given = self.model(id).into_iter().chain(refined);
        let last = given.map(|model| model.version.0).max();
        ModelVersion(last.unwrap_or(0) + 1)
    }

    pub(crate) fn put_refined(
        &mut self,
        agency: AgencyId,
        refined: RefinedModel,
    ) -> Arc<RefinedModel> {
        let refined = Arc::new(refined);
        let of_model = self.refined.entry(refined.model.id.clone()).or_default();
        of_model.insert(agency, Arc::clone(&refined));
        refined
    }
}
