//! A feature of interest on its way out: in a list without its positions.

use device_registry::{Feature, FeatureGeoJson, FeatureGeometry};
use domain::Location;
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::schemas::FeatureGeometrySchema;
use crate::views::{Rfc3339, TitleView};

/// What datastreams are about.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = FeatureOfInterest, example = json!({
    "id": "han-jamsu", "agency": "seoul", "title": {"en": "Han river at Jamsu bridge", "ko": "한강 잠수교 구간"},
    "kind": "river-section", "description": null, "bbox": [126.985, 37.505, 127.005, 37.525],
    "changed": "2026-05-01T00:00:00Z",
    "geometry": {"type": "LineString", "coordinates": [[126.985, 37.525], [127.005, 37.505]]},
    "things": ["dev-1"], "datastreams": [5, 6]
}))]
pub(crate) struct FeatureView<'a> {
    id: &'a str,
    agency: &'a str,
    title: TitleView,
    /// As `river-section`.
    kind: Option<&'a str>,
    description: Option<&'a str>,
    /// West, south, east, north, in degrees.
    bbox: [f64; 4],
    /// When it was put last.
    #[schema(value_type = String, format = DateTime)]
    changed: Rfc3339,
    /// GeoJSON: a Point, a LineString or a Polygon; for the public, of the centres
    /// of 0.001 degree cells. Left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FeatureGeometrySchema>)]
    geometry: Option<FeatureGeoJson>,
    /// Things that observe it with all that they send, as far as the caller may
    /// read something of them. Left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    things: Option<Vec<&'a str>>,
    /// The numbers of those that observe it, those of its things among them, as far
    /// as the caller may read them. Left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    datastreams: Option<Vec<u32>>,
}

impl<'a> FeatureView<'a> {
    /// As a line of a list; `geometry` is what the caller may see of it.
    pub(crate) fn outline(feature: &'a Feature, geometry: &FeatureGeometry) -> Self {
        let known = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        Self {
            id: feature.id.as_str(),
            agency: feature.agency.as_str(),
            title: TitleView {
                en: feature.title_en.clone(),
                ko: feature.title_ko.clone(),
            },
            kind: known(&feature.kind),
            description: known(&feature.description),
            bbox: bbox(geometry),
            changed: Rfc3339(feature.changed),
            geometry: None,
            things: None,
            datastreams: None,
        }
    }

    /// With its positions, and who observes it.
    pub(crate) fn whole(
        feature: &'a Feature,
        geometry: &FeatureGeometry,
        things: Vec<&'a str>,
        datastreams: Vec<u32>,
    ) -> Self {
        Self {
            geometry: Some(geometry.into()),
            things: Some(things),
            datastreams: Some(datastreams),
            ..Self::outline(feature, geometry)
        }
    }
}

fn bbox(geometry: &FeatureGeometry) -> [f64; 4] {
    let least = |of: fn(Location) -> i32| geometry.positions().map(of).min().unwrap_or(0);
    let most = |of: fn(Location) -> i32| geometry.positions().map(of).max().unwrap_or(0);
    let south_west = Location::from_e7(least(Location::lat_e7), least(Location::lon_e7));
    let north_east = Location::from_e7(most(Location::lat_e7), most(Location::lon_e7));
    [
        south_west.lon(),
        south_west.lat(),
        north_east.lon(),
        north_east.lat(),
    ]
}

impl Row for FeatureView<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "agency",
        "title.en",
        "title.ko",
        "kind",
        "description",
        "bbox",
        "changed",
    ];
}
