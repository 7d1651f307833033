//! Geometries as GeoJSON (RFC 7946): as they are shown, and as paths lead into
//! them.

use geo_types::{Coord, Geometry, LineString, Polygon};
use serde_json::{Value as Json, json};

/// The geometry as an object with `type` and `coordinates`; null where it is of a
/// type that GeoJSON has not.
pub fn geojson(geometry: &Geometry<f64>) -> Json {
    let (name, coordinates) = match geometry {
        Geometry::Point(point) => ("Point", position(&point.0)),
        Geometry::LineString(line) => ("LineString", positions(line)),
        Geometry::Polygon(polygon) => ("Polygon", rings(polygon)),
        Geometry::MultiPoint(points) => {
            let places = points.0.iter().map(|point| position(&point.0));
            ("MultiPoint", places.collect())
        }
        Geometry::MultiLineString(lines) => {
            ("MultiLineString", lines.0.iter().map(positions).collect())
        }
        Geometry::MultiPolygon(polygons) => {
            ("MultiPolygon", polygons.0.iter().map(rings).collect())
        }
        Geometry::GeometryCollection(all) => {
            let all: Vec<Json> = all.0.iter().map(geojson).collect();
            return json!({"type": "GeometryCollection", "geometries": all});
        }
        _ => return Json::Null,
    };
    json!({"type": name, "coordinates": coordinates})
}

fn position(place: &Coord<f64>) -> Json {
    json!([place.x, place.y])
}

fn positions(line: &LineString<f64>) -> Json {
    line.0.iter().map(position).collect()
}

fn rings(polygon: &Polygon<f64>) -> Json {
    std::iter::once(polygon.exterior())
        .chain(polygon.interiors())
        .map(positions)
        .collect()
}
