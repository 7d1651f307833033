//! What an agency says otherwise of one of the platform's models, for its own
//! devices: a narrower range, another interval, a better name. It adds no field
//! and changes no unit, so that the data stays what the model says.

use domain::FieldName;
use serde::{Deserialize, Serialize};

use super::details::check_interval;
use super::file::{MAX_FIELDS, Title, check_sight, label, parse_purpose};
use super::{Field, Model, ModelFileError, PlausibleRange};
use crate::agency::retention;

/// As it is written in JSON. What is left out is as the model says; of nothing,
/// all is.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Refinement {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<Title>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<Title>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected_interval_s: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retention_days: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<RefinedField>,
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RefinedField {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<Title>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected_interval_s: Option<u32>,
}

/// Why something is no refinement of a model.
#[derive(Debug, thiserror::Error)]
pub enum RefinementFault {
    #[error("the model has no field {0}; a refinement adds none")]
    UnknownField(String),
    #[error("field {0} stands twice")]
    Twice(FieldName),
    #[error("field {0} is no number, and has no range")]
    NoNumber(FieldName),
    #[error("the range of field {field} is {range} in the model; a refinement narrows it")]
    Wider {
        field: FieldName,
        range: PlausibleRange,
    },
    #[error("`min` of field {0} is above its `max`")]
    Empty(FieldName),
    #[error(transparent)]
    Value(#[from] ModelFileError),
}

impl Refinement {
    /// All that keeps it from being one of `model`.
    pub(super) fn faults(&self, model: &Model) -> Vec<RefinementFault> {
        if self.fields.len() > MAX_FIELDS {
            return vec![ModelFileError::TooManyFields.into()];
        }
        let mut faults = Vec::new();
        faults.extend(self.check_values().err().map(RefinementFault::from));
        for (at, refined) in self.fields.iter().enumerate() {
            let Some(field) = model.field(&refined.name) else {
                let name = refined.name.chars().take(domain::ids::MAX_ID_BYTES);
                faults.push(RefinementFault::UnknownField(name.collect()));
                continue;
            };
            if self.fields[..at]
                .iter()
                .any(|other| other.name == refined.name)
            {
                faults.push(RefinementFault::Twice(field.name.clone()));
            }
            faults.extend(refined.check_range(field).err());
        }
        faults
    }

    fn check_values(&self) -> Result<(), ModelFileError> {
        let of_fields = || self.fields.iter().filter_map(|field| field.title.as_ref());
        for title in self.title.iter().chain(of_fields()) {
            label(title.en.clone())?;
            label(title.ko.clone())?;
        }
        for text in self.title.iter().chain(&self.purpose).chain(of_fields()) {
            check_sight(&text.en)?;
            check_sight(&text.ko)?;
        }
        self.purpose.clone().map(parse_purpose).transpose()?;
        let intervals = self.fields.iter().map(|field| field.expected_interval_s);
        for seconds in intervals.chain([self.expected_interval_s]).flatten() {
            check_interval(seconds)?;
        }
        self.retention_days.map(retention::check).transpose()?;
        Ok(())
    }

    /// The model as the agency's devices have it. What does not fit a version of
    /// the model that came later is as that version says.
    pub(super) fn over(&self, model: &Model) -> Model {
        let mut refined = model.clone();
        if let Some(title) = &self.title {
            refined.title_en.clone_from(&title.en);
            refined.title_ko.clone_from(&title.ko);
        }
        if let Some(purpose) = self.purpose.clone() {
            refined.details.purpose = parse_purpose(purpose).ok();
        }
        let interval = self.expected_interval_s;
        refined.details.expected_interval_s = interval.or(model.details.expected_interval_s);
        refined.retention_days = self.retention_days.or(model.retention_days);
        let fields = model.fields.iter().map(|field| {
            let own = self
                .fields
                .iter()
                .find(|own| own.name == field.name.as_str());
            let mut new = Field::clone(field);
            if field.expected_interval_s == model.usual_interval(&field.name) {
                new.expected_interval_s = refined.usual_interval(&field.name);
            }
            if let Some(own) = own {
                own.refine(&mut new);
            }
            if new == **field {
                field.clone()
            } else {
                new.into()
            }
        });
        refined.fields = fields.collect();
        refined
    }
}

impl RefinedField {
    fn check_range(&self, field: &Field) -> Result<(), RefinementFault> {
        let name = || field.name.clone();
        if self.min.is_none() && self.max.is_none() {
            return Ok(());
        }
        if field.unit.is_none() {
            return Err(RefinementFault::NoNumber(name()));
        }
        let ends = [self.min, self.max].into_iter().flatten();
        if ends.into_iter().any(|end| !is_within(field, end)) {
            return Err(RefinementFault::Wider {
                field: name(),
                range: PlausibleRange::of(field),
            });
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) if min > max => Err(RefinementFault::Empty(name())),
            _ => Ok(()),
        }
    }

    fn refine(&self, field: &mut Field) {
        if let Some(title) = &self.title {
            field.title_en.clone_from(&title.en);
            field.title_ko.clone_from(&title.ko);
        }
        if self.check_range(field).is_ok() {
            field.min = self.min.or(field.min);
            field.max = self.max.or(field.max);
        }
        field.expected_interval_s = self.expected_interval_s.or(field.expected_interval_s);
    }
}

fn is_within(field: &Field, end: f64) -> bool {
    field.min.is_none_or(|min| end >= min) && field.max.is_none_or(|max| end <= max)
}
