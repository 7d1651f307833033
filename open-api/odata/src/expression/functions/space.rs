//! Functions of geometries, on the plane of degrees: distances and lengths are in
//! degrees too, as FROST's are.
//!
//! The `st_` functions are those of Simple Features, by its nine intersections
//! (DE-9IM), which are defined for valid geometries: of an area whose edge crosses
//! itself, and of a collection, they are null, but for what only asks for a point in
//! common or for a point within.

use std::panic::catch_unwind;

use geo::relate::IntersectionMatrix;
use geo::{BoundingRect, Contains, Distance, Euclidean, Intersects, Length, Relate};
use geo_types::Geometry;

use super::Function;
use crate::expression::validity::has_nine_intersections;
use crate::value::Value;

/// `None` where it is no function of geometries, or these are none.
pub(super) fn call(function: Function, arguments: &[Value<'_>]) -> Option<Value<'static>> {
    let Value::Geometry(first) = arguments.first()? else {
        return None;
    };
    if function == Function::GeoLength {
        return finite(length(first));
    }
    let Value::Geometry(second) = arguments.get(1)? else {
        return None;
    };
    let (first, second) = (first.as_ref(), second.as_ref());
    let holds = match function {
        Function::Distance => return finite(Euclidean.distance(first, second)),
        Function::StRelate => {
            let Value::Text(pattern) = arguments.get(2)? else {
                return None;
            };
            related(first, second)?.matches(pattern).ok()?
        }
        Function::StDisjoint => !intersects(first, second),
        _ if !boxes_meet(first, second) => false,
        Function::Intersects | Function::StIntersects => first.intersects(second),
        Function::StWithin => contains(second, first)?,
        Function::StContains => contains(first, second)?,
        Function::StEquals => related(first, second)?.is_equal_topo(),
        Function::StTouches => related(first, second)?.is_touches(),
        Function::StOverlaps => related(first, second)?.is_overlaps(),
        Function::StCrosses => related(first, second)?.is_crosses(),
        _ => return None,
    };
    Some(Value::Bool(holds))
}

fn intersects(first: &Geometry<f64>, second: &Geometry<f64>) -> bool {
    boxes_meet(first, second) && first.intersects(second)
}

/// Whether no point of the part lies outside the whole, and some lie in its
/// interior: a point on the edge of an area is not in it.
fn contains(whole: &Geometry<f64>, part: &Geometry<f64>) -> Option<bool> {
    match part {
        // By far the most usual: no graph need be built.
        Geometry::Point(point) => Some(whole.contains(point)),
        _ => Some(related(whole, part)?.is_contains()),
    }
}

/// The nine intersections, where both have any.
fn related(first: &Geometry<f64>, second: &Geometry<f64>) -> Option<IntersectionMatrix> {
    if !has_nine_intersections(first) || !has_nine_intersections(second) {
        return None;
    }
    // What is taken on trust may be wrong, and its author's assertions must not end
    // a request of somebody else.
    catch_unwind(|| first.relate(second)).ok()
}

fn boxes_meet(first: &Geometry<f64>, second: &Geometry<f64>) -> bool {
    match (first.bounding_rect(), second.bounding_rect()) {
        (Some(one), Some(other)) => one.intersects(&other),
        _ => false,
    }
}

/// Of lines; of anything else 0.
fn length(geometry: &Geometry<f64>) -> f64 {
    match geometry {
        Geometry::Line(line) => Euclidean.length(line),
        Geometry::LineString(line) => Euclidean.length(line),
        Geometry::MultiLineString(lines) => Euclidean.length(lines),
        Geometry::GeometryCollection(parts) => parts.iter().map(length).sum(),
        _ => 0.0,
    }
}

fn finite(number: f64) -> Option<Value<'static>> {
    number.is_finite().then_some(Value::Number(number))
}
