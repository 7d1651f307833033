//! How a data model may change: a new version adds fields, widens ranges and
//! mends titles. What devices already send keeps its meaning.

use std::sync::Arc;

use domain::FieldName;

use super::{Field, Model, ValueKind};

/// Why a model's content is no new version of the one that stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IncompatibleModel {
    #[error("field {0} is missing; a field that devices may send stays")]
    FieldRemoved(FieldName),
    #[error("field {0} would change its unit; give the new one another name")]
    UnitChanged(FieldName),
    #[error("field {0} would change its kind; give the new one another name")]
    KindChanged(FieldName),
    #[error("field {field} would lose its code {code:?}")]
    CodeRemoved { field: FieldName, code: String },
}

/// All that keeps `new` from following `old`: whoever mends a file sees it at once.
pub(crate) fn faults_of_successor(old: &Model, new: &Model) -> Vec<IncompatibleModel> {
    let fault = |field: &Arc<Field>| match new.field(field.name.as_str()) {
        Some(successor) => check_field(field, successor).err(),
        None => Some(IncompatibleModel::FieldRemoved(field.name.clone())),
    };
    old.fields.iter().filter_map(fault).collect()
}

/// Whether a datastream of `old` may go on as one of `new`.
pub(crate) fn check_field(old: &Field, new: &Field) -> Result<(), IncompatibleModel> {
    if old.unit != new.unit {
        return Err(IncompatibleModel::UnitChanged(old.name.clone()));
    }
    match (&old.kind, &new.kind) {
        (ValueKind::Number, ValueKind::Number) | (ValueKind::Boolean, ValueKind::Boolean) => Ok(()),
        (ValueKind::Text { codes: before }, ValueKind::Text { codes: after }) => {
            check_codes(&old.name, before, after)
        }
        _ => Err(IncompatibleModel::KindChanged(old.name.clone())),
    }
}

/// An enumeration may grow, and may be freed; free text is not narrowed, since
/// stored values may lie outside any list.
fn check_codes(
    field: &FieldName,
    before: &[Box<str>],
    after: &[Box<str>],
) -> Result<(), IncompatibleModel> {
    if after.is_empty() {
        return Ok(());
    }
    if before.is_empty() {
        return Err(IncompatibleModel::KindChanged(field.clone()));
    }
    match before.iter().find(|code| !after.contains(code)) {
        Some(code) => Err(IncompatibleModel::CodeRemoved {
            field: field.clone(),
            code: code.to_string(),
        }),
        None => Ok(()),
    }
}
