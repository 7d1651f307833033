//! Values as the standard compares them, with no index and no parser.

use std::cmp::Ordering;

use serde_json::Value;

use super::tables::Kind;

/// What an entity has at a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// From and to, in microseconds; the same for an instant.
    Time(i64, i64),
    /// A point, or a line.
    Place(Vec<[f64; 2]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
        }
    }

    /// What says the same with its sides changed over.
    pub(super) fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }

    /// Never null: what has no order is neither less nor greater.
    pub(super) fn holds(self, left: &Cell, right: &Cell) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => is_less(left, right),
            Self::Greater => is_less(right, left),
            Self::LessOrEqual => is_less_or_equal(left, right),
            Self::GreaterOrEqual => is_less_or_equal(right, left),
        }
    }
}

/// An interval is less than another that begins where it ends, or later.
fn is_less(left: &Cell, right: &Cell) -> bool {
    match (left, right) {
        (Cell::Time(from, to), Cell::Time(other, _)) => to <= other && from < other,
        _ => order(left, right) == Some(Ordering::Less),
    }
}

fn is_less_or_equal(left: &Cell, right: &Cell) -> bool {
    match (left, right) {
        (Cell::Time(_, to), Cell::Time(other, _)) => to <= other || left == right,
        _ => matches!(order(left, right), Some(Ordering::Less | Ordering::Equal)),
    }
}

/// Of two values of one type that has one.
fn order(left: &Cell, right: &Cell) -> Option<Ordering> {
    match (left, right) {
        (Cell::Bool(one), Cell::Bool(other)) => Some(one.cmp(other)),
        (Cell::Number(one), Cell::Number(other)) => one.partial_cmp(other),
        (Cell::Text(one), Cell::Text(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

/// As rows are sorted: null first, then by type, then by value.
pub(super) fn compare(left: &Cell, right: &Cell) -> Ordering {
    let rank = |cell: &Cell| match cell {
        Cell::Null => 0,
        Cell::Bool(_) => 1,
        Cell::Number(_) => 2,
        Cell::Text(_) => 3,
        Cell::Time(..) => 4,
        Cell::Place(_) => 5,
    };
    rank(left)
        .cmp(&rank(right))
        .then_with(|| match (left, right) {
            (Cell::Time(one, to), Cell::Time(other, end)) => (one, to).cmp(&(other, end)),
            (Cell::Place(one), Cell::Place(other)) => one.partial_cmp(other).unwrap(),
            _ => order(left, right).unwrap_or(Ordering::Equal),
        })
}

impl Cell {
    pub(super) fn of(value: &Value, kind: Kind) -> Self {
        match (kind, value) {
            (_, Value::Null) => Self::Null,
            (Kind::Place, place) => {
                let coordinates = place["coordinates"].clone();
                let points = match place["type"].as_str().unwrap() {
                    "Point" => serde_json::from_value(coordinates).map(|point| vec![point]),
                    _ => serde_json::from_value(coordinates),
                };
                Self::Place(points.unwrap())
            }
            (Kind::Time | Kind::Start | Kind::End, time) => {
                let text = time.as_str().unwrap();
                let (from, to) = text.split_once('/').unwrap_or((text, text));
                match kind {
                    Kind::Start => Self::Time(micros(from), micros(from)),
                    Kind::End => Self::Time(micros(to), micros(to)),
                    _ => Self::Time(micros(from), micros(to)),
                }
            }
            (_, Value::Bool(truth)) => Self::Bool(*truth),
            (_, Value::Number(number)) => Self::Number(number.as_f64().unwrap()),
            (_, Value::String(text)) => Self::Text(text.clone()),
            (_, other) => panic!("{other} is no simple value"),
        }
    }

    /// Degrees from a point; `None` for nowhere.
    pub(super) fn distance(&self, point: [f64; 2]) -> Option<f64> {
        let Self::Place(points) = self else {
            return None;
        };
        let ends = |at: usize| [points[at], points[(at + 1).min(points.len() - 1)]];
        let distances = (0..points.len()).map(|at| from_segment(ends(at), point));
        distances.min_by(f64::total_cmp)
    }

    /// Whether it lies in a box: west, south, east, north; `None` for nowhere.
    /// No point may lie on an edge.
    pub(super) fn is_within(&self, [west, south, east, north]: [f64; 4]) -> Option<bool> {
        let Self::Place(points) = self else {
            return None;
        };
        let is_within =
            |[x, y]: &[f64; 2]| (west..=east).contains(x) && (south..=north).contains(y);
        Some(points.iter().all(is_within))
    }
}

fn from_segment([[ax, ay], [bx, by]]: [[f64; 2]; 2], [x, y]: [f64; 2]) -> f64 {
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 {
        (((x - ax) * dx + (y - ay) * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (x - ax - along * dx).hypot(y - ay - along * dy)
}

fn micros(text: &str) -> i64 {
    let time: jiff::Timestamp = text.parse().unwrap();
    time.as_microsecond()
}
