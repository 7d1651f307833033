//! Well-Known Text (OGC 06-103): the geometries of constants, read and written.
//! Longitude comes first; a third and fourth coordinate are read and dropped.
//!
//! Depth and points are limited, and areas have to be what Simple Features calls
//! valid: what functions say of others has no meaning.

use std::fmt;

use geo_types::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
    Point, Polygon,
};

use super::validity;
use crate::cursor::{Cursor, Fault};
use crate::limits::{MAX_COORDINATE, MAX_GEOMETRY_DEPTH, MAX_GEOMETRY_POINTS};

/// The one reference system that is understood, as OData writes it before the
/// text.
const SRID: &str = "SRID=4326;";
const KINDS: &str = "POINT, LINESTRING, POLYGON, MULTIPOINT, MULTILINESTRING, MULTIPOLYGON \
                     or GEOMETRYCOLLECTION";

/// Reads a geometry. Positions of errors are those within `text`; `points` counts
/// those of all geometries so far.
pub(super) fn parse(text: &str, points: &mut usize) -> Result<Geometry<f64>, Fault> {
    let mut reader = Reader {
        cursor: Cursor::new(text),
        points,
    };
    reader.srid()?;
    let geometry = reader.geometry(0)?;
    reader.cursor.skip_spaces();
    if !reader.cursor.is_at_end() {
        return Err(reader.cursor.fault("the end of the geometry"));
    }
    match validity::fault(&geometry) {
        None => Ok(geometry),
        Some(fault) => Err(Fault::unexpected(
            0,
            format!("a geometry that is not valid ({fault})"),
            "a valid geometry",
        )),
    }
}

struct Reader<'t, 'p> {
    cursor: Cursor<'t>,
    points: &'p mut usize,
}

impl<'t> Reader<'t, '_> {
    fn srid(&mut self) -> Result<(), Fault> {
        self.cursor.skip_spaces();
        let rest = self.cursor.rest();
        let prefix = rest.get(..SRID.len()).unwrap_or_default();
        if prefix.eq_ignore_ascii_case(SRID) {
            self.cursor.advance(prefix);
        } else if rest
            .get(..4)
            .is_some_and(|word| word.eq_ignore_ascii_case("SRID"))
        {
            return Err(self.cursor.fault("SRID=4326; or none"));
        }
        Ok(())
    }

    fn geometry(&mut self, depth: usize) -> Result<Geometry<f64>, Fault> {
        if depth > MAX_GEOMETRY_DEPTH {
            let limit =
                format!("at most {MAX_GEOMETRY_DEPTH} collections may be within each other");
            return Err(Fault::limit(self.cursor.position(), limit));
        }
        self.cursor.skip_spaces();
        let start = self.cursor.clone();
        let kind = self.word().to_ascii_uppercase();
        self.dimension();
        Ok(match kind.as_str() {
            "POINT" => Geometry::Point(self.bracketed(Self::point)?),
            "LINESTRING" => Geometry::LineString(self.line()?),
            "POLYGON" => Geometry::Polygon(self.polygon()?),
            "MULTIPOINT" => Geometry::MultiPoint(MultiPoint(self.list(Self::point_in_list)?)),
            "MULTILINESTRING" => Geometry::MultiLineString(MultiLineString(self.list(Self::line)?)),
            "MULTIPOLYGON" => Geometry::MultiPolygon(MultiPolygon(self.list(Self::polygon)?)),
            "GEOMETRYCOLLECTION" => {
                let parts = self.list(|reader| reader.geometry(depth + 1))?;
                Geometry::GeometryCollection(GeometryCollection(parts))
            }
            _ => return Err(start.fault(KINDS)),
        })
    }

    fn word(&mut self) -> &'t str {
        self.cursor.skip_spaces();
        self.cursor.take_while(|c| c.is_ascii_alphabetic())
    }

    /// `Z`, `M` or `ZM` before the coordinates say nothing that is needed.
    fn dimension(&mut self) {
        let before = self.cursor.clone();
        if !matches!(self.word(), "Z" | "M" | "ZM") {
            self.cursor = before;
        }
    }

    fn bracketed<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.cursor.skip_spaces();
        self.cursor.expect('(', "\"(\"")?;
        let inner = read(self)?;
        self.cursor.skip_spaces();
        self.cursor.expect(')', "\")\"")?;
        Ok(inner)
    }

    /// One or more in brackets, with commas between.
    fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        self.cursor.skip_spaces();
        self.cursor.expect('(', "\"(\"")?;
        let mut items = Vec::new();
        loop {
            items.push(read(self)?);
            self.cursor.skip_spaces();
            if self.cursor.eat(')') {
                return Ok(items);
            }
            self.cursor.expect(',', "\",\" or \")\"")?;
        }
    }

    fn line(&mut self) -> Result<LineString<f64>, Fault> {
        let start = self.cursor.clone();
        let line = LineString(self.list(Self::coordinates)?);
        match line.0.len() {
            1 => Err(start.fault("two points at least")),
            _ => Ok(line),
        }
    }

    fn polygon(&mut self) -> Result<Polygon<f64>, Fault> {
        let mut rings = self.list(Self::ring)?.into_iter();
        let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        Ok(Polygon::new(exterior, rings.collect()))
    }

    fn ring(&mut self) -> Result<LineString<f64>, Fault> {
        self.cursor.skip_spaces();
        let start = self.cursor.clone();
        let ring = self.line()?;
        if ring.0.len() < 4 || ring.0.first() != ring.0.last() {
            return Err(start.fault("a ring of four points at least that ends where it starts"));
        }
        Ok(ring)
    }

    fn point(&mut self) -> Result<Point<f64>, Fault> {
        self.coordinates().map(Point)
    }

    /// Within a list a point may have brackets of its own.
    fn point_in_list(&mut self) -> Result<Point<f64>, Fault> {
        self.cursor.skip_spaces();
        match self.cursor.peek() {
            Some('(') => self.bracketed(Self::point),
            _ => self.point(),
        }
    }

    fn coordinates(&mut self) -> Result<Coord<f64>, Fault> {
        *self.points += 1;
        if *self.points > MAX_GEOMETRY_POINTS {
            let limit = format!("geometries may have {MAX_GEOMETRY_POINTS} points in all");
            return Err(Fault::limit(self.cursor.position(), limit));
        }
        let (x, y) = (self.coordinate()?, self.coordinate()?);
        for _ in 0..2 {
            self.cursor.skip_spaces();
            if matches!(self.cursor.peek(), Some('0'..='9' | '-' | '+' | '.')) {
                self.coordinate()?;
            }
        }
        Ok(Coord { x, y })
    }

    fn coordinate(&mut self) -> Result<f64, Fault> {
        self.cursor.skip_spaces();
        let start = self.cursor.clone();
        let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
        let number = self.cursor.take_while(is_of_number);
        let number: f64 = number.parse().map_err(|_| start.fault("a coordinate"))?;
        if number.abs() <= MAX_COORDINATE {
            Ok(number)
        } else {
            Err(start.fault("a coordinate in degrees"))
        }
    }
}

/// Writes a geometry so that it reads the same.
pub(super) fn write(geometry: &Geometry<f64>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match geometry {
        Geometry::Point(point) => {
            f.write_str("POINT ")?;
            listed(f, &[point.0], coordinates)
        }
        Geometry::Line(line) => {
            f.write_str("LINESTRING ")?;
            listed(f, &[line.start, line.end], coordinates)
        }
        Geometry::LineString(line) => {
            f.write_str("LINESTRING ")?;
            listed(f, &line.0, coordinates)
        }
        Geometry::Polygon(polygon) => {
            f.write_str("POLYGON ")?;
            rings(polygon, f)
        }
        Geometry::MultiPoint(points) => {
            f.write_str("MULTIPOINT ")?;
            listed(f, &points.0, |point, f| listed(f, &[point.0], coordinates))
        }
        Geometry::MultiLineString(lines) => {
            f.write_str("MULTILINESTRING ")?;
            listed(f, &lines.0, |line, f| listed(f, &line.0, coordinates))
        }
        Geometry::MultiPolygon(polygons) => {
            f.write_str("MULTIPOLYGON ")?;
            listed(f, &polygons.0, rings)
        }
        Geometry::GeometryCollection(parts) => {
            f.write_str("GEOMETRYCOLLECTION ")?;
            listed(f, &parts.0, write)
        }
        Geometry::Rect(rect) => {
            f.write_str("POLYGON ")?;
            rings(&rect.to_polygon(), f)
        }
        Geometry::Triangle(triangle) => {
            f.write_str("POLYGON ")?;
            rings(&triangle.to_polygon(), f)
        }
    }
}

fn rings(polygon: &Polygon<f64>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let all: Vec<_> = std::iter::once(polygon.exterior())
        .chain(polygon.interiors())
        .collect();
    listed(f, &all, |ring, f| listed(f, &ring.0, coordinates))
}

fn coordinates(at: &Coord<f64>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} {}", at.x, at.y)
}

fn listed<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    write: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    f.write_str("(")?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write(item, f)?;
    }
    f.write_str(")")
}
