//! A Boundary on its way out: in a list without its corners.

use device_registry::{Boundary, GeoJson};
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::schemas::Geometry;
use crate::views::{Rfc3339, TitleView};

/// A named area on the map.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Boundary, example = json!({
    "name": "seoul-jongno", "title": {"en": "Jongno-gu", "ko": "종로구"},
    "bbox": [126.948, 37.566, 127.023, 37.632], "vertices": 4, "changed": "2026-05-01T00:00:00Z",
    "geometry": {"type": "Polygon", "coordinates": [[[126.948, 37.566], [127.023, 37.566],
        [127.023, 37.632], [126.948, 37.632], [126.948, 37.566]]]}
}))]
pub(crate) struct BoundaryView {
    name: String,
    title: TitleView,
    /// West, south, east, north, in degrees.
    bbox: [f64; 4],
    /// Corners of all its rings.
    vertices: usize,
    /// When it was drawn last.
    #[schema(value_type = String, format = DateTime)]
    changed: Rfc3339,
    /// GeoJSON; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Geometry>)]
    geometry: Option<GeoJson>,
}

impl BoundaryView {
    /// As a line of a list.
    pub(crate) fn outline(boundary: &Boundary) -> Self {
        let (south_west, north_east) = boundary.shape.corners();
        Self {
            name: boundary.name.to_string(),
            title: TitleView {
                en: boundary.title_en.clone(),
                ko: boundary.title_ko.clone(),
            },
            bbox: [
                south_west.lon(),
                south_west.lat(),
                north_east.lon(),
                north_east.lat(),
            ],
            vertices: boundary.shape.vertices(),
            changed: Rfc3339(boundary.changed),
            geometry: None,
        }
    }

    /// With its corners.
    pub(crate) fn whole(boundary: &Boundary) -> Self {
        Self {
            geometry: Some(GeoJson::from(&boundary.shape)),
            ..Self::outline(boundary)
        }
    }
}

impl Row for BoundaryView {
    const COLUMNS: &'static [&'static str] = &[
        "name", "title.en", "title.ko", "bbox", "vertices", "changed",
    ];
}
