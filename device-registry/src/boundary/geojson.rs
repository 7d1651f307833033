//! A boundary's geometry as GeoJSON (RFC 7946): a Polygon or a MultiPolygon.
//!
//! A position is `[longitude, latitude]` in degrees of WGS 84; an altitude
//! after them is dropped, and so are members that GeoJSON does not know. A
//! ring has four positions at least, of which the last repeats the first.

use domain::Location;
use serde::{Deserialize, Serialize};

use super::shape::{Polygon, Ring, Shape, ShapeError};

/// The geometry as it is written.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "coordinates")]
pub enum GeoJson {
    Polygon(Vec<Vec<Position>>),
    MultiPolygon(Vec<Vec<Vec<Position>>>),
}

/// `[longitude, latitude]`, and perhaps an altitude.
pub(crate) type Position = Vec<f64>;

/// The fewest positions of a ring: a triangle and its first corner again.
const MIN_POSITIONS: usize = 4;

/// Why a geometry is no boundary.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GeoJsonError {
    #[error("a position is [longitude, latitude], as [126.978, 37.5665], not {0:?}")]
    Position(Vec<f64>),
    #[error(
        "{lon}, {lat} is no longitude and latitude in degrees of WGS 84{}",
        if swapped(*lon, *lat) { ": longitude comes first" } else { "" }
    )]
    Range { lon: f64, lat: f64 },
    #[error("ring {0} has fewer than {MIN_POSITIONS} positions")]
    Short(usize),
    #[error("ring {0} is open: its last position repeats the first")]
    Open(usize),
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

fn swapped(lon: f64, lat: f64) -> bool {
    (-90.0..=90.0).contains(&lon) && (-180.0..=180.0).contains(&lat)
}

impl TryFrom<GeoJson> for Shape {
    type Error = GeoJsonError;

    fn try_from(written: GeoJson) -> Result<Self, GeoJsonError> {
        let polygons = match written {
            GeoJson::Polygon(polygon) => vec![polygon],
            GeoJson::MultiPolygon(polygons) => polygons,
        };
        let mut number = 0;
        let mut read = Vec::with_capacity(polygons.len());
        for written in polygons {
            let mut polygon = Polygon::with_capacity(written.len());
            for ring in written {
                polygon.push(read_ring(&ring, number)?);
                number += 1;
            }
            read.push(polygon);
        }
        Ok(Self::new(read)?)
    }
}

pub(crate) fn read_ring(positions: &[Position], number: usize) -> Result<Ring, GeoJsonError> {
    if positions.len() < MIN_POSITIONS {
        return Err(GeoJsonError::Short(number));
    }
    let mut ring = Ring::with_capacity(positions.len());
    for position in positions {
        ring.push(read_position(position)?);
    }
    if ring.pop() != ring.first().copied() {
        return Err(GeoJsonError::Open(number));
    }
    Ok(ring)
}

pub(crate) fn read_position(position: &Position) -> Result<Location, GeoJsonError> {
    let (&[lon, lat] | &[lon, lat, _]) = position.as_slice() else {
        let start = position.iter().take(3).copied().collect();
        return Err(GeoJsonError::Position(start));
    };
    Location::new(lat, lon).map_err(|_| GeoJsonError::Range { lon, lat })
}

impl From<&Shape> for GeoJson {
    fn from(shape: &Shape) -> Self {
        let mut polygons: Vec<Vec<Vec<Position>>> =
            shape.polygons().iter().map(write_polygon).collect();
        match polygons.len() {
            1 => Self::Polygon(polygons.swap_remove(0)),
            _ => Self::MultiPolygon(polygons),
        }
    }
}

fn write_polygon(polygon: &Polygon) -> Vec<Vec<Position>> {
    let position = |corner: &Location| vec![corner.lon(), corner.lat()];
    let ring = |ring: &Ring| ring.iter().chain(ring.first()).map(position).collect();
    polygon.iter().map(ring).collect()
}

#[cfg(test)]
mod tests;
