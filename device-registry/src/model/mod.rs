//! Data models: which fields a device of a kind sends, in which unit and range.

mod add;
mod builtin;
mod compatibility;
mod details;
mod difference;
mod file;
mod folder;
mod follow;
mod install;
mod ownership;
mod refine;
mod refinement;
mod versions;

use std::sync::Arc;

use domain::{FieldName, ModelId};

pub use add::{AddModelError, AddedModel, ModelChange};
pub use compatibility::IncompatibleModel;
pub(crate) use compatibility::check_field;
pub use details::{IntervalError, ModelDetails, Purpose};
pub use difference::{DetailText, ExpectedInterval, Kept, ModelDifference, PlausibleRange};
pub use file::ModelFileError;
pub use folder::{MAX_AGENCY_MODELS, MAX_AGENCY_VERSIONS, MAX_MODELS};
pub use ownership::UnusableModel;
pub use refine::{AddedRefinement, RefineModelError, RefinedModel};
pub use refinement::{Refinement, RefinementFault};
pub use versions::StoredVersion;

/// A model's version; grows with each change of the data file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ModelVersion(pub u32);

/// Who brought a version of a model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModelOrigin {
    /// The binary.
    Builtin,
    /// Somebody, with the API or a file.
    Operator,
    /// An agency, for its own devices: what it says otherwise of the model.
    Agency,
}

impl ModelOrigin {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Operator => "operator",
            Self::Agency => "agency",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Builtin, Self::Operator, Self::Agency]
            .into_iter()
            .find(|origin| origin.as_str() == text)
    }
}

/// `domain.model` and its fields.
#[derive(Clone, PartialEq, Debug)]
pub struct Model {
    pub id: ModelId,
    pub version: ModelVersion,
    pub title_en: String,
    pub title_ko: String,
    pub details: ModelDetails,
    /// Days that observations are kept; `None`: for ever.
    pub retention_days: Option<u32>,
    pub fields: Vec<Arc<Field>>,
}

/// One field of a model.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    pub name: FieldName,
    /// UCUM code; `None` for text and booleans.
    pub unit: Option<Box<str>>,
    pub kind: ValueKind,
    /// Plausible range, inclusive; a value outside it is stored as `uncertain`.
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// Seconds from one reading to the next; `None`: the model says nothing of it.
    pub expected_interval_s: Option<u32>,
    pub title_en: String,
    pub title_ko: String,
}

/// The type of a field's values.
#[derive(Clone, PartialEq, Debug)]
pub enum ValueKind {
    Number,
    Boolean,
    /// Free text, or one of `codes` where there are any.
    Text {
        codes: Vec<Box<str>>,
    },
}

impl Model {
    pub fn field(&self, name: &str) -> Option<&Arc<Field>> {
        self.fields.iter().find(|field| field.name.as_str() == name)
    }
}
