//! What a new version of a model changes. All of it is compatible: see
//! [`super::compatibility`].

use std::fmt;

use domain::FieldName;

use super::{Field, Model, Purpose, ValueKind};
use crate::thing::Licence;

/// One change between two versions of a model. Its text says what it means.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum ModelDifference {
    #[error("the title was {before:?}")]
    Title { before: String },
    #[error("the purpose is {after}, and was {before}")]
    Purpose {
        before: DetailText,
        after: DetailText,
    },
    #[error("the owner is {after}, and was {before}")]
    Owner {
        before: DetailText,
        after: DetailText,
    },
    #[error("the licence is {after}, and was {before}")]
    Licence {
        before: DetailText,
        after: DetailText,
    },
    #[error("readings are expected {after}, and were {before}")]
    Interval {
        before: ExpectedInterval,
        after: ExpectedInterval,
    },
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
    #[error("readings of field {field} are expected {after}, and were {before}")]
    FieldInterval {
        field: FieldName,
        before: ExpectedInterval,
        after: ExpectedInterval,
    },
    #[error("field {field} may be {code:?} too")]
    CodeAdded { field: FieldName, code: String },
    #[error("field {0} may be any text")]
    CodesFreed(FieldName),
}

/// How long observations are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept(pub Option<u32>);

/// What a model says of itself, or nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DetailText(pub Option<String>);

/// How far apart readings are expected, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExpectedInterval(pub Option<u32>);

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
            Self::Purpose { .. } => "purpose",
            Self::Owner { .. } => "owner",
            Self::Licence { .. } => "licence",
            Self::Interval { .. } => "interval",
            Self::Retention { .. } => "retention",
            Self::FieldAdded(_) => "field-added",
            Self::FieldTitle { .. } => "field-title",
            Self::Range { .. } => "range",
            Self::FieldInterval { .. } => "field-interval",
            Self::CodeAdded { .. } => "code-added",
            Self::CodesFreed(_) => "codes-freed",
        }
    }

    /// The field that it is about; none for the model itself.
    pub const fn field(&self) -> Option<&FieldName> {
        match self {
            Self::Title { .. }
            | Self::Purpose { .. }
            | Self::Owner { .. }
            | Self::Licence { .. }
            | Self::Interval { .. }
            | Self::Retention { .. } => None,
            Self::FieldAdded(field)
            | Self::FieldTitle { field, .. }
            | Self::Range { field, .. }
            | Self::FieldInterval { field, .. }
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
    of_details(old, new, &mut found);
    if old.retention_days != new.retention_days {
        found.push(ModelDifference::Retention {
            before: Kept(old.retention_days),
            after: Kept(new.retention_days),
        });
    }
    for field in &new.fields {
        match old.field(field.name.as_str()) {
            Some(before) => {
                of_field(before, field, &mut found);
                of_interval((old, before), (new, field), &mut found);
            }
            None => found.push(ModelDifference::FieldAdded(field.name.clone())),
        }
    }
    found
}

fn of_details(old: &Model, new: &Model, found: &mut Vec<ModelDifference>) {
    let (old, new) = (&old.details, &new.details);
    if old.purpose != new.purpose {
        found.push(ModelDifference::Purpose {
            before: DetailText::purpose(old.purpose.as_ref()),
            after: DetailText::purpose(new.purpose.as_ref()),
        });
    }
    if old.owner != new.owner {
        found.push(ModelDifference::Owner {
            before: DetailText(old.owner.clone()),
            after: DetailText(new.owner.clone()),
        });
    }
    if old.licence != new.licence {
        found.push(ModelDifference::Licence {
            before: DetailText::licence(old.licence.as_ref()),
            after: DetailText::licence(new.licence.as_ref()),
        });
    }
    if old.expected_interval_s != new.expected_interval_s {
        found.push(ModelDifference::Interval {
            before: ExpectedInterval(old.expected_interval_s),
            after: ExpectedInterval(new.expected_interval_s),
        });
    }
}

/// A field that follows its model's interval before and after says nothing of its
/// own.
fn of_interval(
    (old, before): (&Model, &Field),
    (new, after): (&Model, &Field),
    found: &mut Vec<ModelDifference>,
) {
    let follows = |model: &Model, field: &Field| {
        field.expected_interval_s == model.usual_interval(&field.name)
    };
    if before.expected_interval_s != after.expected_interval_s
        && !(follows(old, before) && follows(new, after))
    {
        found.push(ModelDifference::FieldInterval {
            field: after.name.clone(),
            before: ExpectedInterval(before.expected_interval_s),
            after: ExpectedInterval(after.expected_interval_s),
        });
    }
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
    pub(super) const fn of(field: &Field) -> Self {
        Self {
            min: field.min,
            max: field.max,
        }
    }
}

impl DetailText {
    fn purpose(purpose: Option<&Purpose>) -> Self {
        Self(purpose.map(|purpose| title(&purpose.en, &purpose.ko)))
    }

    fn licence(licence: Option<&Licence>) -> Self {
        Self(licence.map(|licence| licence.0.to_string()))
    }
}

impl fmt::Display for DetailText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(text) => write!(f, "{text:?}"),
            None => f.write_str("not said"),
        }
    }
}

impl fmt::Display for ExpectedInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(seconds) => write!(f, "every {seconds} seconds"),
            None => f.write_str("at any time"),
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
