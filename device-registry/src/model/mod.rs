//! Data models: which fields a device of a kind sends, in which unit and range.

mod add;
mod builtin;
mod compatibility;
mod difference;
mod file;
mod folder;
mod follow;
mod install;

use std::sync::Arc;

use domain::{FieldName, ModelId};

pub use add::{AddModelError, AddedModel, ModelChange};
pub use compatibility::IncompatibleModel;
pub(crate) use compatibility::check_field;
pub use difference::{Kept, ModelDifference, PlausibleRange};
pub use file::ModelFileError;
pub use folder::MAX_MODELS;

/// A model's version; grows with each change of the data file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ModelVersion(pub u32);

/// Who brought a version of a model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ModelOrigin {
    Builtin,
    Operator,
}

impl ModelOrigin {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Operator => "operator",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Builtin, Self::Operator]
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
