//! `/v1/agencies`: the public bodies that own things and data.

use domain::AgencyId;
use serde::{Deserialize, Serialize};

use super::client::ApiClient;
use super::error::ApiError;
use super::pages::Pages;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Agency {
    pub id: String,
    pub name: String,
}

impl ApiClient {
    /// Operators only. A conflict where it exists.
    pub fn create_agency(&self, id: &AgencyId, name: &str) -> Result<Agency, ApiError> {
        self.post(
            "/v1/agencies",
            &Agency {
                id: id.to_string(),
                name: name.to_owned(),
            },
        )
    }

    pub fn agencies(&self) -> Pages<Agency> {
        Pages::new(self, "/v1/agencies".to_owned())
    }
}
