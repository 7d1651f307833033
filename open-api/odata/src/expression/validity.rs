//! Whether a geometry is what Simple Features calls valid. The nine intersections
//! are defined, and computed, for no other.

use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{CoordsIter, Validation};
use geo_types::{Geometry, Line, LineString, Polygon};

use crate::limits::MAX_GEOMETRY_POINTS;

/// What is wrong with a geometry, in the words of an error.
pub(super) fn fault(geometry: &Geometry<f64>) -> Option<String> {
    // First, as the check below relies on it; it does not look for spikes itself.
    if has_spike(geometry) {
        return Some("a ring goes back on itself".to_owned());
    }
    let checked = geometry.check_validation();
    checked.err().map(|reason| reason.to_string())
}

/// Whether the nine intersections of a geometry can be asked for. To see whether
/// edges cross takes the square of their number: of larger ones it is taken on
/// trust that they do not. Simple Features defines none of a collection.
pub(super) fn has_nine_intersections(geometry: &Geometry<f64>) -> bool {
    match geometry {
        Geometry::Point(_) | Geometry::MultiPoint(_) => true,
        Geometry::GeometryCollection(_) => false,
        _ if geometry.coords_count() > MAX_GEOMETRY_POINTS => true,
        _ => fault(geometry).is_none(),
    }
}

fn has_spike(geometry: &Geometry<f64>) -> bool {
    match geometry {
        Geometry::Polygon(polygon) => polygon_has_spike(polygon),
        Geometry::MultiPolygon(polygons) => polygons.iter().any(polygon_has_spike),
        Geometry::GeometryCollection(parts) => parts.iter().any(has_spike),
        _ => false,
    }
}

fn polygon_has_spike(polygon: &Polygon<f64>) -> bool {
    let mut rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    rings.any(ring_has_spike)
}

/// Whether an edge lies on the one before it.
fn ring_has_spike(ring: &LineString<f64>) -> bool {
    let edges: Vec<Line<f64>> = ring.lines().filter(|edge| edge.start != edge.end).collect();
    let following = edges.iter().cycle().skip(1);
    edges.iter().zip(following).any(|(edge, next)| {
        let shared = line_intersection(*edge, *next);
        matches!(shared, Some(LineIntersection::Collinear { .. }))
    })
}
