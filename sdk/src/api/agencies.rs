//! `/v1/agencies`: the public bodies that own things and data.

use std::collections::BTreeMap;

use domain::{AgencyId, ModelId};
use serde::{Deserialize, Serialize};

use super::client::ApiClient;
use super::error::ApiError;
use super::pages::Pages;

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Agency {
    pub id: String,
    pub name: String,
    /// Days by model, where it is not as the model says.
    #[serde(default)]
    pub retention_days: BTreeMap<String, u32>,
}

#[derive(Serialize)]
struct NewAgency<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Retention<'a> {
    retention_days: BTreeMap<&'a str, Option<u32>>,
}

impl ApiClient {
    /// Operators only. A conflict where it exists.
    pub fn create_agency(&self, id: &AgencyId, name: &str) -> Result<Agency, ApiError> {
        self.post(
            "/v1/agencies",
            &NewAgency {
                id: id.as_str(),
                name,
            },
        )
    }

    /// How many days the agency's data of a model is kept; `None`: as the model
    /// says. Operators only.
    pub fn keep_days(
        &self,
        id: &AgencyId,
        model: &ModelId,
        days: Option<u32>,
    ) -> Result<Agency, ApiError> {
        let retention_days = [(model.as_str(), days)].into();
        self.patch(&format!("/v1/agencies/{id}"), &Retention { retention_days })
    }

    pub fn agencies(&self) -> Pages<Agency> {
        Pages::new(self, "/v1/agencies".to_owned())
    }
}
