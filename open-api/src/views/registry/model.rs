//! A data model on its way out: the same form in which one is added.

use device_registry::{AddedModel, Field, Model, ModelDifference, ValueKind};
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::TitleView;

/// `domain.model` and its fields.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Model)]
pub(crate) struct ModelView {
    #[schema(example = "traffic.flow")]
    id: String,
    #[schema(example = "traffic")]
    domain: String,
    version: u32,
    title: TitleView,
    /// Days that observations are kept, where the agency says nothing else; null:
    /// for ever.
    #[schema(example = 1_095)]
    retention_days: Option<u32>,
    fields: Vec<FieldView>,
    /// Where this version was added just now: what it changes of the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<ModelDifferenceView>>,
}

/// One change between two versions of a model.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = ModelChange)]
pub(crate) struct ModelDifferenceView {
    /// `title`, `retention`, `field-added`, `field-title`, `range`, `code-added` or
    /// `codes-freed`.
    #[schema(example = "field-added")]
    change: &'static str,
    /// Null for what is the model's own.
    #[schema(example = "lane")]
    field: Option<String>,
    #[schema(example = "field lane is new")]
    message: String,
}

/// One field of a model.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Field)]
pub(crate) struct FieldView {
    #[schema(example = "speed")]
    name: String,
    /// UCUM code; null for text and booleans.
    #[schema(example = "km/h")]
    unit: Option<String>,
    /// `number`, `boolean` or `text`.
    #[schema(example = "number")]
    kind: &'static str,
    /// What a text may be; empty for free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<Vec<String>>,
    /// Plausible range, inclusive; a value outside it is stored as `uncertain`.
    min: Option<f64>,
    max: Option<f64>,
    title: TitleView,
}

impl From<&Model> for ModelView {
    fn from(model: &Model) -> Self {
        Self {
            id: model.id.to_string(),
            domain: model.id.domain().to_owned(),
            version: model.version.0,
            title: TitleView {
                en: model.title_en.clone(),
                ko: model.title_ko.clone(),
            },
            retention_days: model.retention_days,
            fields: model
                .fields
                .iter()
                .map(|field| field.as_ref().into())
                .collect(),
            changes: None,
        }
    }
}

impl From<&AddedModel> for ModelView {
    fn from(added: &AddedModel) -> Self {
        let changes = added.differences.iter().map(ModelDifferenceView::from);
        Self {
            changes: Some(changes.collect()),
            ..Self::from(added.model.as_ref())
        }
    }
}

impl From<&ModelDifference> for ModelDifferenceView {
    fn from(difference: &ModelDifference) -> Self {
        Self {
            change: difference.code(),
            field: difference.field().map(ToString::to_string),
            message: difference.to_string(),
        }
    }
}

impl From<&Field> for FieldView {
    fn from(field: &Field) -> Self {
        Self {
            name: field.name.to_string(),
            unit: field.unit.as_deref().map(str::to_owned),
            kind: kind_name(&field.kind),
            codes: match &field.kind {
                ValueKind::Text { codes } => {
                    Some(codes.iter().map(|code| code.to_string()).collect())
                }
                ValueKind::Number | ValueKind::Boolean => None,
            },
            min: field.min,
            max: field.max,
            title: TitleView {
                en: field.title_en.clone(),
                ko: field.title_ko.clone(),
            },
        }
    }
}

pub(crate) const fn kind_name(kind: &ValueKind) -> &'static str {
    match kind {
        ValueKind::Number => "number",
        ValueKind::Boolean => "boolean",
        ValueKind::Text { .. } => "text",
    }
}

impl Row for ModelView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "domain",
        "version",
        "title.en",
        "title.ko",
        "retention_days",
    ];
}
