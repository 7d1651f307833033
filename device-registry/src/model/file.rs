//! A data model as a data file: JSON of this form, at most 64 KiB.
//!
//! ```json
//! {
//!   "id": "traffic.flow",
//!   "title": {"en": "Traffic flow", "ko": "교통 소통"},
//!   "purpose": {"en": "Shows congestion", "ko": "소통 상황 파악"},
//!   "owner": "Seoul, Transport Operation",
//!   "licence": "KOGL-1",
//!   "expected_interval_s": 60,
//!   "retention_days": 1095,
//!   "fields": [
//!     {"name": "speed", "kind": "number", "unit": "km/h", "min": 0, "max": 250,
//!      "title": {"en": "Mean speed", "ko": "평균속도"}},
//!     {"name": "lane", "unit": "1", "title": {"en": "Lane number", "ko": "차로번호"}}
//!   ]
//! }
//! ```
//!
//! `kind` is `number` (the default), `boolean` or `text`; `unit` (a UCUM code),
//! `min` and `max` (inclusive, plausible and not statutory) belong to numbers,
//! and a number always has a unit: `1` for a pure one. `codes` makes a text an
//! enumeration. `retention_days` (1 to 36,500) is how long observations are
//! kept; without it, for ever. `expected_interval_s` (1 to 2,678,400) is how far
//! apart readings of a field are: of all fields that the file lists but those
//! that every model has; a field may say another one itself. `licence` is that of
//! the data, where a device brings none. Unknown keys are refused, since they are mostly misspelt ones.
//! The fields of `models/every-model.json` are added after the model's own.

use std::sync::{Arc, OnceLock};

use domain::{FieldName, IdError, ModelId};
use serde::{Deserialize, Serialize};

use super::details::{IntervalError, check_interval};
use super::{Field, Model, ModelDetails, ModelVersion, Purpose, ValueKind};
use crate::agency::retention::{self, RetentionError};
use crate::thing::{Licence, LicenceError};

/// The largest data file, in bytes.
pub(super) const MAX_MODEL_BYTES: usize = 64 * 1_024;
/// Fields of one model, those of every model included.
pub(super) const MAX_FIELDS: usize = 128;
/// Codes of one enumeration.
pub(super) const MAX_CODES: usize = 256;
/// The longest title, code or unit, in bytes.
pub(super) const MAX_LABEL_BYTES: usize = 256;
/// The longest purpose, in bytes of each language.
pub(super) const MAX_PURPOSE_BYTES: usize = 1_024;

/// Why a text is not a data model.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    #[error("the model has {0} bytes; at most {MAX_MODEL_BYTES} are read")]
    TooLarge(usize),
    /// serde's message names line and column.
    #[error("the model is not JSON of the form of a data model: {0}")]
    Form(serde_json::Error),
    #[error("the model's id: {0}")]
    Id(IdError),
    #[error("the name of field {field:?}: {error}")]
    FieldName { field: String, error: IdError },
    #[error("the model has no field")]
    NoField,
    #[error("the model has more than {MAX_FIELDS} fields")]
    TooManyFields,
    #[error("field {0} stands twice in the model")]
    Twice(FieldName),
    #[error("field {field}: {fault}")]
    Field {
        field: FieldName,
        fault: &'static str,
    },
    #[error(transparent)]
    Retention(#[from] RetentionError),
    #[error(transparent)]
    Interval(#[from] IntervalError),
    #[error(transparent)]
    Licence(#[from] LicenceError),
    #[error(
        "a title or the owner is empty, longer than {MAX_LABEL_BYTES} bytes, or has control characters"
    )]
    Title,
    #[error("a text of it has characters that hide or turn what is beside them")]
    Sight,
    #[error(
        "the purpose is empty, longer than {MAX_PURPOSE_BYTES} bytes, or has control characters"
    )]
    Purpose,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    id: String,
    title: Title,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<Title>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected_interval_s: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retention_days: Option<u32>,
    fields: Vec<FieldFile>,
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Title {
    pub(super) en: String,
    pub(super) ko: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct FieldFile {
    name: String,
    #[serde(default)]
    kind: KindFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected_interval_s: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    codes: Vec<String>,
    title: Title,
}

#[derive(Deserialize, Serialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum KindFile {
    #[default]
    Number,
    Boolean,
    Text,
}

impl Model {
    /// Reads a data file; the version is the registry's business.
    pub(crate) fn parse(json: &[u8], version: ModelVersion) -> Result<Self, ModelFileError> {
        if json.len() > MAX_MODEL_BYTES {
            return Err(ModelFileError::TooLarge(json.len()));
        }
        let file: ModelFile = serde_json::from_slice(json).map_err(ModelFileError::Form)?;
        if file.fields.is_empty() {
            return Err(ModelFileError::NoField);
        }
        let mut model = Self {
            id: ModelId::new(&file.id).map_err(ModelFileError::Id)?,
            version,
            title_en: label(file.title.en)?,
            title_ko: label(file.title.ko)?,
            details: ModelDetails {
                purpose: file.purpose.map(parse_purpose).transpose()?,
                owner: file.owner.map(label).transpose()?,
                licence: file.licence.as_deref().map(Licence::parse).transpose()?,
                expected_interval_s: file.expected_interval_s.map(check_interval).transpose()?,
            },
            retention_days: file.retention_days.map(retention::check).transpose()?,
            fields: Vec::with_capacity(file.fields.len() + fields_of_every_model().len()),
        };
        for field in file.fields {
            let mut field = parse_field(field)?;
            let usual = model.usual_interval(&field.name);
            field.expected_interval_s = field.expected_interval_s.or(usual);
            let field = Arc::new(field);
            if model.field(field.name.as_str()).is_some() {
                return Err(ModelFileError::Twice(field.name.clone()));
            }
            model.fields.push(field);
        }
        for field in fields_of_every_model() {
            if model.field(field.name.as_str()).is_none() {
                model.fields.push(Arc::clone(field));
            }
        }
        if model.fields.len() > MAX_FIELDS {
            return Err(ModelFileError::TooManyFields);
        }
        Ok(model)
    }

    /// Of which model a data file is.
    pub fn id_in(json: &[u8]) -> Result<ModelId, ModelFileError> {
        Self::parse(json, ModelVersion(1)).map(|model| model.id)
    }

    /// As a data file, with the fields of every model.
    pub fn to_json(&self) -> String {
        let licence = self.details.licence.as_ref();
        let file = ModelFile {
            id: self.id.to_string(),
            title: Title {
                en: self.title_en.clone(),
                ko: self.title_ko.clone(),
            },
            purpose: self.details.purpose.as_ref().map(|purpose| Title {
                en: purpose.en.clone(),
                ko: purpose.ko.clone(),
            }),
            owner: self.details.owner.clone(),
            licence: licence.map(|licence| licence.0.to_string()),
            expected_interval_s: self.details.expected_interval_s,
            retention_days: self.retention_days,
            fields: self
                .fields
                .iter()
                .map(|field| self.field_file(field))
                .collect(),
        };
        serde_json::to_string_pretty(&file).expect("texts and finite numbers serialise")
    }

    fn field_file(&self, field: &Field) -> FieldFile {
        let own = field.expected_interval_s;
        let usual = self.usual_interval(&field.name);
        FieldFile {
            expected_interval_s: own.filter(|_| own != usual),
            ..field_file(field)
        }
    }

    /// Refuses texts that could pass for others. Of a model that stands already
    /// nobody asks.
    pub(super) fn check_sight(&self) -> Result<(), ModelFileError> {
        let purpose = self.details.purpose.iter();
        let purpose = purpose.flat_map(|purpose| [&purpose.en, &purpose.ko]);
        let fields = self.fields.iter();
        let fields = fields.flat_map(|field| [&field.title_en, &field.title_ko]);
        let own = [&self.title_en, &self.title_ko].into_iter();
        let mut texts = own.chain(&self.details.owner).chain(purpose).chain(fields);
        texts.try_for_each(|text| check_sight(text))
    }

    /// What readings of a field are apart by the model's own word.
    pub(super) fn usual_interval(&self, field: &FieldName) -> Option<u32> {
        let mut of_every_model = fields_of_every_model().iter();
        let reported_at_will = of_every_model.any(|other| other.name == *field);
        self.details
            .expected_interval_s
            .filter(|_| !reported_at_will)
    }

    /// The same but for the version.
    pub(crate) fn same_content(&self, other: &Self) -> bool {
        let other = Self {
            version: self.version,
            ..other.clone()
        };
        *self == other
    }
}

/// What each model carries beside its own: battery, radio and firmware.
fn fields_of_every_model() -> &'static [Arc<Field>] {
    static FIELDS: OnceLock<Vec<Arc<Field>>> = OnceLock::new();
    FIELDS.get_or_init(|| {
        let json = include_str!("../../models/every-model.json");
        let fields: Vec<FieldFile> = serde_json::from_str(json).expect("checked by a test");
        fields
            .into_iter()
            .map(|field| Arc::new(parse_field(field).expect("checked by a test")))
            .collect()
    })
}

fn parse_field(file: FieldFile) -> Result<Field, ModelFileError> {
    let name = FieldName::new(&file.name).map_err(|error| ModelFileError::FieldName {
        field: file.name.chars().take(MAX_LABEL_BYTES).collect(),
        error,
    })?;
    let fault = |fault| ModelFileError::Field {
        field: name.clone(),
        fault,
    };
    if file.kind == KindFile::Number {
        let unit = file
            .unit
            .as_deref()
            .ok_or_else(|| fault("a number needs a `unit`, a UCUM code; `1` for a pure number"))?;
        let is_code = |byte: u8| byte.is_ascii_graphic();
        if unit.is_empty() || unit.len() > MAX_LABEL_BYTES || !unit.bytes().all(is_code) {
            return Err(fault("its `unit` is no UCUM code"));
        }
        if let (Some(min), Some(max)) = (file.min, file.max)
            && min > max
        {
            return Err(fault("its `min` is above its `max`"));
        }
    } else if file.unit.is_some() || file.min.is_some() || file.max.is_some() {
        return Err(fault("`unit`, `min` and `max` are for numbers"));
    }
    if file.kind != KindFile::Text && !file.codes.is_empty() {
        return Err(fault("`codes` are for texts"));
    }
    if file.codes.len() > MAX_CODES {
        return Err(fault("it has more than 256 codes"));
    }
    let mut codes: Vec<Box<str>> = Vec::with_capacity(file.codes.len());
    for code in file.codes {
        let code = label(code).map_err(|_| fault("a code is empty or too long"))?;
        if codes.iter().any(|other| **other == *code) {
            return Err(fault("a code stands twice"));
        }
        codes.push(code.into());
    }
    Ok(Field {
        unit: file.unit.map(Into::into),
        kind: match file.kind {
            KindFile::Number => ValueKind::Number,
            KindFile::Boolean => ValueKind::Boolean,
            KindFile::Text => ValueKind::Text { codes },
        },
        min: file.min,
        max: file.max,
        expected_interval_s: file.expected_interval_s.map(check_interval).transpose()?,
        title_en: label(file.title.en)?,
        title_ko: label(file.title.ko)?,
        name,
    })
}

fn field_file(field: &Field) -> FieldFile {
    let (kind, codes) = match &field.kind {
        ValueKind::Number => (KindFile::Number, Vec::new()),
        ValueKind::Boolean => (KindFile::Boolean, Vec::new()),
        ValueKind::Text { codes } => (
            KindFile::Text,
            codes.iter().map(ToString::to_string).collect(),
        ),
    };
    FieldFile {
        name: field.name.to_string(),
        kind,
        unit: field.unit.as_deref().map(ToOwned::to_owned),
        min: field.min,
        max: field.max,
        expected_interval_s: field.expected_interval_s,
        codes,
        title: Title {
            en: field.title_en.clone(),
            ko: field.title_ko.clone(),
        },
    }
}

pub(super) fn parse_purpose(file: Title) -> Result<Purpose, ModelFileError> {
    let checked = |text: String| {
        let fits = is_text(&text, MAX_PURPOSE_BYTES);
        fits.then_some(text).ok_or(ModelFileError::Purpose)
    };
    Ok(Purpose {
        en: checked(file.en)?,
        ko: checked(file.ko)?,
    })
}

/// A text that somebody gives: it cannot pass for another one.
pub(super) fn check_sight(text: &str) -> Result<(), ModelFileError> {
    if text.chars().any(crate::label::misleads) {
        return Err(ModelFileError::Sight);
    }
    Ok(())
}

pub(super) fn label(text: String) -> Result<String, ModelFileError> {
    let fits = is_text(&text, MAX_LABEL_BYTES);
    fits.then_some(text).ok_or(ModelFileError::Title)
}

fn is_text(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && !text.chars().any(char::is_control)
}
