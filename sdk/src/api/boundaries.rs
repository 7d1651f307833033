//! `/v1/boundaries`: areas on the map, for `boundary=` in the queries.

use domain::BoundaryName;
use serde::Serialize;
use serde::de::IgnoredAny;

use super::client::{ApiClient, Call, unreadable};
use super::error::ApiError;

/// A boundary as it is drawn.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct NewBoundary<'a> {
    title: Title<'a>,
    geometry: Polygon<'a>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct Title<'a> {
    en: &'a str,
    ko: &'a str,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct Polygon<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    coordinates: [&'a [[f64; 2]]; 1],
}

impl<'a> NewBoundary<'a> {
    /// `ring`: degrees east, then north; the last corner is the first.
    pub fn polygon(en: &'a str, ko: &'a str, ring: &'a [[f64; 2]]) -> Self {
        Self {
            title: Title { en, ko },
            geometry: Polygon {
                kind: "Polygon",
                coordinates: [ring],
            },
        }
    }
}

impl ApiClient {
    /// Draws a boundary, or draws the one of this name anew. Operators only.
    pub fn put_boundary(
        &self,
        name: &BoundaryName,
        boundary: &NewBoundary<'_>,
    ) -> Result<(), ApiError> {
        let path = format!("/v1/boundaries/{name}");
        let body = serde_json::to_vec(boundary).map_err(|cause| unreadable("PUT", &path, cause))?;
        let call = Call {
            method: "PUT",
            path: &path,
            body: Some(("application/json", &body)),
            headers: &[],
        };
        self.json::<IgnoredAny>(&call).map(|_| ())
    }
}
