//! What a new version of a model changes. All of it is compatible: see
//! [`super::compatibility`].

use std::fmt;

use domain::FieldName;

use super::{Field, Model, ValueKind};

/// One change between two versions of a model. Its text says what it means.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum ModelDifference {
    #[error("the title was {before:?}")]
    Title { before: String },
    #[error("observations are kept for {after}, and were for {before}")]
    Retention { before: Kept, after: Kept },
    #[error("field {0} is new")]
    FieldAdded(FieldName),
    #[error("the title of field {field} was {before:?}")]
    FieldTitle { field: FieldName, before: String },
    #[error("the plausible range of field {field} is {after}, and was {before}")]
    Range {
        field: FieldName,
        before: PlausibleRange,
        after: PlausibleRange,
    },
    #[error("field {field} may be {code:?} too")]
    CodeAdded { field: FieldName, code: String },
    #[error("field {0} may be any text")]
    CodesFreed(FieldName),
}

/// How long observations are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept(pub Option<u32>);

/// From where to where values are plausible.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PlausibleRange {
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl ModelDifference {
    /// A short stable word for the API, as `field-added`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Title { .. } => "title",
            Self::Retention { .. } => "retention",
            Self::FieldAdded(_) => "field-added",
            Self::FieldTitle { .. } => "field-title",
            Self::Range { .. } => "range",
            Self::CodeAdded { .. } => "code-added",
            Self::CodesFreed(_) => "codes-freed",
        }
    }

    /// The field that it is about; none for the model itself.
    pub const fn field(&self) -> Option<&FieldName> {
        match self {
            Self::Title { .. } | Self::Retention { .. } => None,
            Self::FieldAdded(field)
            | Self::FieldTitle { field, .. }
            | Self::Range { field, .. }
            | Self::CodeAdded { field, .. }
            | Self::CodesFreed(field) => Some(field),
        }
    }
}

/// What `new` changes of `old`, the model first, then its fields in their order.
pub(super) fn differences(old: &Model, new: &Model) -> Vec<ModelDifference> {
    let mut found = Vec::new();
    if (&old.title_en, &old.title_ko) != (&new.title_en, &new.title_ko) {
        found.push(ModelDifference::Title {
            before: title(&old.title_en, &old.title_ko),
        });
    }
    if old.retention_days != new.retention_days {
        found.push(ModelDifference::Retention {
            before: Kept(old.retention_days),
            after: Kept(new.retention_days),
        });
    }
    for field in &new.fields {
        match old.field(field.name.as_str()) {
            Some(before) => of_field(before, field, &mut found),
            None => found.push(ModelDifference::FieldAdded(field.name.clone())),
        }
    }
    found
}

fn of_field(old: &Field, new: &Field, found: &mut Vec<ModelDifference>) {
    let field = || new.name.clone();
    if (&old.title_en, &old.title_ko) != (&new.title_en, &new.title_ko) {
        found.push(ModelDifference::FieldTitle {
            field: field(),
            before: title(&old.title_en, &old.title_ko),
        });
    }
    let (before, after) = (PlausibleRange::of(old), PlausibleRange::of(new));
    if before != after {
        found.push(ModelDifference::Range {
            field: field(),
            before,
            after,
        });
    }
    let (ValueKind::Text { codes: before }, ValueKind::Text { codes: after }) =
        (&old.kind, &new.kind)
    else {
        return;
    };
    if after.is_empty() && !before.is_empty() {
        found.push(ModelDifference::CodesFreed(field()));
    }
    let added = after.iter().filter(|code| !before.contains(code));
    found.extend(added.map(|code| ModelDifference::CodeAdded {
        field: field(),
        code: code.to_string(),
    }));
}

fn title(en: &str, ko: &str) -> String {
    format!("{en} / {ko}")
}

impl PlausibleRange {
    const fn of(field: &Field) -> Self {
        Self {
            min: field.min,
            max: field.max,
        }
    }
}

impl fmt::Display for PlausibleRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (Some(min), Some(max)) => write!(f, "{min} to {max}"),
            (Some(min), None) => write!(f, "{min} and more"),
            (None, Some(max)) => write!(f, "{max} and less"),
            (None, None) => f.write_str("any number"),
        }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(days) => write!(f, "{days} days"),
            None => f.write_str("ever"),
        }
    }
}
