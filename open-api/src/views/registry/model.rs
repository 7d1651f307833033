//! A data model on its way out: the same form in which one is added.

use device_registry::{
    AddedModel, AddedRefinement, Field, Model, ModelDifference, RefinedModel, Refinement,
    StoredVersion, ValueKind,
};
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::schemas::NewRefinement;
use crate::views::{Rfc3339, TitleView};

/// `domain.model` and its fields.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Model)]
pub(crate) struct ModelView {
    #[schema(example = "traffic.flow")]
    id: String,
    #[schema(example = "traffic")]
    domain: String,
    /// Whose own model it is: it alone registers devices with it. Null: everybody's.
    #[schema(example = json!(null))]
    agency: Option<String>,
    /// For the devices of which agency it is refined so.
    #[serde(skip_serializing_if = "Option::is_none")]
    refined_by: Option<String>,
    version: u32,
    title: TitleView,
    /// What the model is for; null: it does not say.
    purpose: Option<TitleView>,
    /// Who answers for it.
    #[schema(example = "Seoul, Transport Operation")]
    owner: Option<String>,
    /// Of what its devices send, where they were registered without another one.
    #[schema(example = "KOGL-1")]
    licence: Option<String>,
    /// Seconds between two readings; a field may say another one.
    #[schema(example = 60)]
    expected_interval_s: Option<u32>,
    /// Days that observations are kept, where the agency says nothing else; null:
    /// for ever.
    #[schema(example = 1_095)]
    retention_days: Option<u32>,
    fields: Vec<FieldView>,
    /// In an answer about one version, or to who has added it just now: what it
    /// changes of the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<ModelDifferenceView>>,
    /// In an answer about one version: when it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    created: Option<Rfc3339>,
}

/// One version of a model.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = ModelVersion)]
pub(crate) struct ModelVersionView {
    version: u32,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
    /// `builtin`: the platform's own; `operator`: added with the API or a file;
    /// `agency`: how an agency refines it for its own devices.
    #[schema(example = "operator")]
    origin: &'static str,
    /// Which agency does.
    agency: Option<String>,
    /// What it changes of the one before; where an agency refines it, what is
    /// otherwise for its devices.
    changes: Vec<ModelDifferenceView>,
}

/// One change between two versions of a model.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = ModelChange)]
pub(crate) struct ModelDifferenceView {
    /// `title`, `purpose`, `owner`, `licence`, `interval`, `retention`, `field-added`,
    /// `field-title`, `range`, `field-interval`, `code-added` or `codes-freed`.
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
    /// Seconds between two readings; null: nobody says.
    expected_interval_s: Option<u32>,
    title: TitleView,
}

impl From<&Model> for ModelView {
    fn from(model: &Model) -> Self {
        let details = &model.details;
        Self {
            id: model.id.to_string(),
            domain: model.id.domain().to_owned(),
            agency: model.id.agency().map(str::to_owned),
            refined_by: None,
            version: model.version.0,
            title: TitleView {
                en: model.title_en.clone(),
                ko: model.title_ko.clone(),
            },
            purpose: details.purpose.as_ref().map(|purpose| TitleView {
                en: purpose.en.clone(),
                ko: purpose.ko.clone(),
            }),
            owner: details.owner.clone(),
            licence: details
                .licence
                .as_ref()
                .map(|licence| licence.0.to_string()),
            expected_interval_s: details.expected_interval_s,
            retention_days: model.retention_days,
            fields: model
                .fields
                .iter()
                .map(|field| field.as_ref().into())
                .collect(),
            changes: None,
            created: None,
        }
    }
}

impl From<&AddedModel> for ModelView {
    fn from(added: &AddedModel) -> Self {
        Self {
            changes: Some(changes(&added.differences)),
            ..Self::from(added.model.as_ref())
        }
    }
}

impl From<&StoredVersion> for ModelView {
    fn from(stored: &StoredVersion) -> Self {
        Self {
            changes: Some(changes(&stored.differences)),
            created: Some(Rfc3339(stored.created)),
            refined_by: stored.agency.as_ref().map(ToString::to_string),
            ..Self::from(&stored.model)
        }
    }
}

impl From<&StoredVersion> for ModelVersionView {
    fn from(stored: &StoredVersion) -> Self {
        Self {
            version: stored.model.version.0,
            created: Rfc3339(stored.created),
            origin: stored.origin.as_str(),
            agency: stored.agency.as_ref().map(ToString::to_string),
            changes: changes(&stored.differences),
        }
    }
}

impl ModelView {
    /// As `agency`'s devices have it.
    pub(crate) fn of_agency(refined: &RefinedModel, agency: &str) -> Self {
        Self {
            refined_by: Some(agency.to_owned()),
            ..Self::from(refined.model.as_ref())
        }
    }

    /// As `agency` has just refined it.
    pub(crate) fn refined(added: &AddedRefinement, agency: &str) -> Self {
        Self {
            changes: Some(changes(&added.differences)),
            ..Self::of_agency(&added.refined, agency)
        }
    }
}

/// What an agency says otherwise of a model.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = RefinementEntry)]
pub(crate) struct RefinementView {
    #[schema(example = "traffic.flow")]
    model: String,
    /// Its number among the model's versions.
    version: u32,
    #[schema(value_type = NewRefinement)]
    refinement: Refinement,
}

impl From<&RefinedModel> for RefinementView {
    fn from(refined: &RefinedModel) -> Self {
        Self {
            model: refined.model.id.to_string(),
            version: refined.model.version.0,
            refinement: refined.refinement.clone(),
        }
    }
}

impl Row for RefinementView {
    const COLUMNS: &'static [&'static str] = &["model", "version", "refinement"];
}

fn changes(differences: &[ModelDifference]) -> Vec<ModelDifferenceView> {
    differences.iter().map(ModelDifferenceView::from).collect()
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
            expected_interval_s: field.expected_interval_s,
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
        "purpose.en",
        "purpose.ko",
        "owner",
        "licence",
        "expected_interval_s",
        "agency",
    ];
}

impl Row for ModelVersionView {
    const COLUMNS: &'static [&'static str] = &["version", "created", "origin", "agency"];
}
