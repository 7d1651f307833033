//! Where a feature lies: a point, a line or an area, as GeoJSON (RFC 7946).

use domain::Location;
use serde::{Deserialize, Serialize};

use crate::boundary::{GeoJsonError, Position, Shape, read_position, read_ring};

/// Positions of one feature: an area's last ones not counted, which repeat the
/// first.
pub const MAX_POSITIONS: usize = 5_000;
/// The fewest corners of an area.
const MIN_CORNERS: usize = 3;

/// The geometry as it is written.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "coordinates")]
pub enum FeatureGeoJson {
    Point(Position),
    LineString(Vec<Position>),
    Polygon(Vec<Vec<Position>>),
}

/// One that was found sound.
#[derive(Clone, PartialEq, Debug)]
pub enum FeatureGeometry {
    Point(Location),
    Line(Vec<Location>),
    /// An outline and its holes, without the repeated first corner.
    Area(Vec<Vec<Location>>),
}

/// Why a geometry is none of a feature.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FeatureGeometryError {
    #[error(transparent)]
    GeoJson(#[from] GeoJsonError),
    #[error("a line has at least two positions that differ")]
    ShortLine,
    #[error("the geometry has more than {MAX_POSITIONS} positions: simplify it")]
    TooManyPositions,
}

impl TryFrom<FeatureGeoJson> for FeatureGeometry {
    type Error = FeatureGeometryError;

    fn try_from(written: FeatureGeoJson) -> Result<Self, FeatureGeometryError> {
        let geometry = match written {
            FeatureGeoJson::Point(position) => Self::Point(read_position(&position)?),
            FeatureGeoJson::LineString(positions) => {
                let read = positions.iter().map(read_position);
                let line: Vec<Location> = read.collect::<Result<_, _>>()?;
                if line.iter().all(|place| Some(place) == line.first()) {
                    return Err(FeatureGeometryError::ShortLine);
                }
                Self::Line(line)
            }
            FeatureGeoJson::Polygon(rings) => {
                let read = rings.iter().enumerate();
                let read = read.map(|(number, ring)| read_ring(ring, number));
                let rings: Vec<Vec<Location>> = read.collect::<Result<_, _>>()?;
                // Its rings have areas.
                Shape::new(vec![rings.clone()]).map_err(GeoJsonError::from)?;
                Self::Area(rings)
            }
        };
        if geometry.positions().count() > MAX_POSITIONS {
            return Err(FeatureGeometryError::TooManyPositions);
        }
        Ok(geometry)
    }
}

impl From<&FeatureGeometry> for FeatureGeoJson {
    fn from(geometry: &FeatureGeometry) -> Self {
        let position = |place: &Location| vec![place.lon(), place.lat()];
        match geometry {
            FeatureGeometry::Point(place) => Self::Point(position(place)),
            FeatureGeometry::Line(line) => Self::LineString(line.iter().map(position).collect()),
            FeatureGeometry::Area(rings) => {
                let closed =
                    |ring: &Vec<Location>| ring.iter().chain(ring.first()).map(position).collect();
                Self::Polygon(rings.iter().map(closed).collect())
            }
        }
    }
}

impl FeatureGeometry {
    pub fn positions(&self) -> impl Iterator<Item = Location> {
        let (point, line, rings) = match self {
            Self::Point(place) => (Some(*place), None, None),
            Self::Line(line) => (None, Some(line), None),
            Self::Area(rings) => (None, None, Some(rings)),
        };
        let corners = rings.into_iter().flatten().flatten();
        point
            .into_iter()
            .chain(line.into_iter().flatten().chain(corners).copied())
    }

    /// As the public sees it: each position at the centre of its cell of 0.001
    /// degrees. What is smaller than a cell becomes a line or a point.
    #[must_use]
    pub fn coarse(&self) -> Self {
        match self {
            Self::Point(place) => Self::Point(place.coarse()),
            Self::Line(line) => coarse_line(line),
            Self::Area(rings) => {
                let Some((outline, holes)) = rings.split_first() else {
                    return self.clone();
                };
                let area = |ring: &Vec<Location>| {
                    let ring = coarse_ring(ring);
                    Shape::new(vec![vec![ring.clone()]]).ok().map(|_| ring)
                };
                match area(outline) {
                    None => coarse_line(outline),
                    Some(outline) => {
                        let holes = holes.iter().filter_map(area);
                        Self::Area(std::iter::once(outline).chain(holes).collect())
                    }
                }
            }
        }
    }
}

fn coarse_line(line: &[Location]) -> FeatureGeometry {
    let mut coarse: Vec<Location> = line.iter().map(|place| place.coarse()).collect();
    coarse.dedup();
    match coarse.as_slice() {
        [place] => FeatureGeometry::Point(*place),
        _ => FeatureGeometry::Line(coarse),
    }
}

/// Without corners that have become one.
fn coarse_ring(ring: &[Location]) -> Vec<Location> {
    let mut coarse: Vec<Location> = ring.iter().map(|place| place.coarse()).collect();
    coarse.dedup();
    while coarse.len() >= MIN_CORNERS && coarse.first() == coarse.last() {
        coarse.pop();
    }
    coarse
}
