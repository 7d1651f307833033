//! Data models and what agencies say otherwise of them, for an auditor.

use super::Description;
use super::values::sha256;
use crate::audit::action::{Action, Kind};
use crate::registry::{ModelRow, RefinementRow};

impl<'a> Description<'a> {
    pub(super) fn add_model(&mut self, model: &'a ModelRow) {
        let standing = self.before.model(&model.id);
        let before = standing.map(|model| model.version.0);
        let owner = model
            .id
            .agency()
            .and_then(|id| self.before.agencies.get(id));
        let owner = owner.map(|agency| &agency.id);
        let object = self.object(Kind::Model, model.id.as_str(), owner, Action::AddModel);
        object.gone("version", before);
        object.made("version", Some(model.version.0));
        object.made("origin", Some(model.origin.as_str()));
        object.made("sha256", Some(sha256(&model.content)));
    }

    pub(super) fn add_refinement(&mut self, row: &'a RefinementRow) {
        let standing = self.before.refined(&row.model, &row.agency);
        let before = standing.map(|refined| refined.model.version.0);
        let agency = Some(&row.agency);
        let object = self.object(Kind::Refinement, &row.object, agency, Action::RefineModel);
        object.gone("version", before);
        object.made("version", Some(row.version.0));
        object.made("content", Some(&*row.content));
    }
}
