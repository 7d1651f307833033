//! The area itself: polygons of rings, in units of 1e-7 degree, and whether a
//! place lies in it.
//!
//! The even-odd rule decides: a place lies in the area where a ray from it to
//! the east crosses an odd number of edges. So the first ring of a polygon is
//! its outline and the others are holes, whichever way round they are drawn,
//! and a hole within a hole is land again. Edges are straight in longitude and
//! latitude, as GeoJSON has them (RFC 7946, 3.1.1); an area across the 180th
//! meridian comes in two polygons (3.1.9).
//!
//! Everything is exact: coordinates are integers, and no product of two
//! differences exceeds 3.6e9 x 1.8e9, which an i64 holds. A place on an edge
//! between two areas that share it lies in just one of them.

use domain::Location;

use super::index::EdgeIndex;

/// Corners of one boundary: a province's coast at about 10 m.
pub(super) const MAX_VERTICES: usize = 50_000;
/// Rings of one boundary: a province of islands has some two thousand.
pub(super) const MAX_RINGS: usize = 5_000;

/// Corners in order, the first one not repeated at the end.
pub(super) type Ring = Vec<Location>;
/// An outline and its holes.
pub(super) type Polygon = Vec<Ring>;

/// Why rings are no area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    #[error("the geometry has no polygon")]
    Empty,
    #[error("the geometry has more than {MAX_VERTICES} corners: simplify it")]
    TooManyVertices,
    #[error("the geometry has more than {MAX_RINGS} rings: leave the smallest out")]
    TooManyRings,
    #[error("ring {0} has no area: it needs three corners that are not on one line")]
    Flat(usize),
}

/// An area that was found sound.
#[derive(Clone, PartialEq, Debug)]
pub struct Shape {
    polygons: Vec<Polygon>,
    index: EdgeIndex,
    corners: (Location, Location),
}

impl Shape {
    pub fn new(polygons: Vec<Polygon>) -> Result<Self, ShapeError> {
        let rings = || polygons.iter().flatten();
        if polygons.is_empty() || polygons.iter().any(Vec::is_empty) {
            return Err(ShapeError::Empty);
        }
        if rings().count() > MAX_RINGS {
            return Err(ShapeError::TooManyRings);
        }
        if rings().map(Vec::len).sum::<usize>() > MAX_VERTICES {
            return Err(ShapeError::TooManyVertices);
        }
        if let Some(flat) = rings().position(|ring| is_flat(ring)) {
            return Err(ShapeError::Flat(flat));
        }
        Ok(Self {
            index: EdgeIndex::new(rings().flat_map(|ring| edges(ring))),
            corners: corners(&polygons),
            polygons,
        })
    }

    /// Whether the place lies in it.
    pub fn contains(&self, place: Location) -> bool {
        self.index.crossings(place) % 2 == 1
    }

    pub fn polygons(&self) -> &[Polygon] {
        &self.polygons
    }

    pub fn vertices(&self) -> usize {
        self.polygons.iter().flatten().map(Vec::len).sum()
    }

    /// South-west and north-east corner of the box around it.
    pub fn corners(&self) -> (Location, Location) {
        self.corners
    }
}

fn corners(polygons: &[Polygon]) -> (Location, Location) {
    let all = || polygons.iter().flatten().flatten();
    let least = |of: fn(Location) -> i32| all().map(|at| of(*at)).min().unwrap_or(0);
    let most = |of: fn(Location) -> i32| all().map(|at| of(*at)).max().unwrap_or(0);
    (
        Location::from_e7(least(Location::lat_e7), least(Location::lon_e7)),
        Location::from_e7(most(Location::lat_e7), most(Location::lon_e7)),
    )
}

/// From each corner to the next, and back to the first.
fn edges(ring: &[Location]) -> impl Iterator<Item = (Location, Location)> {
    let next = ring.iter().cycle().skip(1);
    ring.iter().copied().zip(next.copied())
}

/// Whether all corners lie on one line.
fn is_flat(ring: &[Location]) -> bool {
    let Some((&first, rest)) = ring.split_first() else {
        return true;
    };
    let Some(&other) = rest.iter().find(|corner| **corner != first) else {
        return true;
    };
    let run = |to: Location| i64::from(to.lon_e7()) - i64::from(first.lon_e7());
    let rise = |to: Location| i64::from(to.lat_e7()) - i64::from(first.lat_e7());
    rest.iter()
        .all(|&corner| run(other) * rise(corner) == run(corner) * rise(other))
}

#[cfg(test)]
mod tests;
