//! Boundaries: areas on the map that an operator has drawn and named, as a
//! district's, for queries by name.

mod geojson;
mod index;
mod shape;

use domain::{BoundaryName, Timestamp};

pub use geojson::{GeoJson, GeoJsonError};
pub use shape::{MAX_POLYGONS, MAX_RINGS, MAX_VERTICES, Polygon, Ring, Shape, ShapeError};

/// A named area.
#[derive(Clone, PartialEq, Debug)]
pub struct Boundary {
    pub name: BoundaryName,
    pub title_en: String,
    pub title_ko: String,
    pub shape: Shape,
    /// When it was drawn last.
    pub changed: Timestamp,
}
