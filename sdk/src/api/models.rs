//! `/v1/models`: what a kind of device measures.

use serde::Deserialize;

use super::client::{ApiClient, Call};
use super::error::ApiError;
use super::pages::Pages;
use super::wire::Bilingual;

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Model {
    /// As `traffic.flow`.
    pub id: String,
    pub title: Bilingual,
    pub fields: Vec<ModelField>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct ModelField {
    pub name: String,
    /// UCUM; none for text and booleans.
    pub unit: Option<String>,
    /// `number`, `boolean` or `text`.
    pub kind: String,
    /// The plausible range.
    #[serde(default)]
    pub min: Option<f64>,
    #[serde(default)]
    pub max: Option<f64>,
    pub title: Bilingual,
}

impl ApiClient {
    pub fn models(&self) -> Pages<Model> {
        Pages::new(self, "/v1/models".to_owned())
    }

    /// Adds a model from its data file. Operators only.
    pub fn add_model(&self, data_file: &[u8]) -> Result<Model, ApiError> {
        self.json(&Call {
            method: "POST",
            path: "/v1/models",
            body: Some(("application/json", data_file)),
            headers: &[],
        })
    }
}
