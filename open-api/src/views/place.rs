//! A position on its way out.

use domain::Location;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// WGS 84, in degrees.
#[derive(Serialize, Deserialize, ToSchema, Clone, Copy, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
#[schema(as = Location, example = json!({"lat": 37.5665, "lon": 126.9775}))]
pub(crate) struct PlaceView {
    /// Degrees north.
    pub(crate) lat: f64,
    /// Degrees east.
    pub(crate) lon: f64,
}

impl From<Location> for PlaceView {
    fn from(location: Location) -> Self {
        Self {
            lat: location.lat(),
            lon: location.lon(),
        }
    }
}

impl TryFrom<PlaceView> for Location {
    type Error = domain::LocationError;

    fn try_from(place: PlaceView) -> Result<Self, domain::LocationError> {
        Self::new(place.lat, place.lon)
    }
}
