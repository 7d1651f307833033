//! Boundaries: areas on the map that an operator has drawn and named, as a
//! district's, for queries by name.

mod change;
mod geojson;
mod index;
mod shape;

use domain::{BoundaryName, Timestamp};

pub use change::{MAX_BOUNDARIES, MAX_VERTICES_IN_ALL, NewBoundary, PutBoundary, PutBoundaryError};
pub use geojson::{GeoJson, GeoJsonError};
pub(crate) use geojson::{Position, read_position, read_ring};
pub use shape::{Shape, ShapeError};

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
