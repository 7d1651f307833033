//! Whose a model is, and for whose new devices.
//!
//! An agency's own model has the agency in its id, as `traffic.flow~seoul`: so no
//! two agencies' models clash, nor one's with the platform's.

use std::sync::Arc;

use domain::{AgencyId, ModelId};

use super::Model;
use crate::snapshot::Snapshot;

/// Why no device of an agency is registered with a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableModel {
    #[error("no model {0}; GET /v1/models lists them, and POST adds one")]
    Unknown(ModelId),
    #[error(
        "model {0} is for devices of the agency in its id; take one of the platform's, or add your own"
    )]
    OfAnother(ModelId),
}

impl UnusableModel {
    /// Stable, in kebab case.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-model",
            Self::OfAnother(_) => "model-of-another-agency",
        }
    }
}

impl Snapshot {
    /// The model as the agency's devices have it, if it may register any with it:
    /// the platform's, or its own.
    pub(crate) fn usable_model(
        &self,
        agency: &AgencyId,
        id: &ModelId,
    ) -> Result<&Arc<Model>, UnusableModel> {
        let known = self.model_for(agency, id);
        let model = known.ok_or_else(|| UnusableModel::Unknown(id.clone()))?;
        if id.agency().is_some_and(|owner| owner != agency.as_str()) {
            return Err(UnusableModel::OfAnother(id.clone()));
        }
        Ok(model)
    }

    /// How many models the agency has, or `None`: the platform.
    pub(super) fn model_count(&self, owner: Option<&str>) -> usize {
        self.models()
            .filter(|model| model.id.agency() == owner)
            .count()
    }
}
