//! What an expression implies of the rows it holds for, so that an index narrows
//! a search before any row is looked at.
//!
//! Conjunctions narrow, disjunctions widen to all that their sides allow, and what
//! is not understood implies nothing: all that is told is true of every row that
//! the expression holds for, and rows for which it is true may still not match.

use domain::Timestamp;
use geo::BoundingRect;

use super::ast::{Comparison, Literal, Node, Quantifier, ROOT, RowPath, Slot};
use super::evaluate::constant;
use super::functions::Function;
use crate::id::Id;
use crate::schema::Kind;
use crate::value::Value;

/// Below it, either way, an `f64` keeps every whole number: 2 to the power of 53.
pub(super) const EXACT_NUMBERS: f64 = 9_007_199_254_740_992.0;

/// Bounds of the value at one path. All hold together; a bound that is absent
/// says nothing. Of a path through a set they hold for some row of the set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Implied {
    /// It is one of these; none at all where no row can be.
    pub ids: Option<Vec<Id>>,
    pub time: TimeBounds,
    /// It is a number, not less and not more than these.
    pub number: Option<(f64, f64)>,
    /// Its box meets this one: west, south, east, north.
    pub bbox: Option<[f64; 4]>,
    /// It is this text.
    pub text: Option<String>,
}

/// Where an instant lies, or where an interval starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBounds {
    /// Not before this.
    pub from: Timestamp,
    /// Before this.
    pub to: Timestamp,
}

/// All of time.
impl Default for TimeBounds {
    fn default() -> Self {
        Self {
            from: Timestamp::MIN,
            to: Timestamp::MAX,
        }
    }
}

/// What a part of an expression says of a path.
#[derive(Default)]
struct Says {
    implied: Implied,
    /// Of some row of a set, not of the one row that the expression is about.
    is_of_some_row: bool,
}

pub(super) fn implied(node: &Node, path: &[&str], now: Timestamp) -> Implied {
    Search {
        path,
        now,
        sets: None,
    }
    .says(node)
    .implied
}

/// A path that is looked for, and the sets that the part at hand is within.
#[derive(Clone, Copy)]
struct Search<'s> {
    path: &'s [&'s str],
    now: Timestamp,
    sets: Option<(&'s Quantifier, &'s Search<'s>)>,
}

impl Search<'_> {
    fn says(&self, node: &Node) -> Says {
        match node {
            Node::And(all) => self.conjunction(all),
            Node::Or(all) => self.disjunction(all),
            Node::Some(quantifier) => match &quantifier.body {
                Some(body) => {
                    let sets = Some((&**quantifier, self));
                    let said = Search { sets, ..*self }.says(body);
                    let is_of_some_row = said.is_of_some_row || self.leads_through(quantifier);
                    Says {
                        is_of_some_row,
                        ..said
                    }
                }
                None => Says::default(),
            },
            leaf => Says {
                implied: self.leaf(leaf).unwrap_or_default(),
                is_of_some_row: false,
            },
        }
    }

    /// Two parts that each hold for some row of a set need not mean the same row:
    /// only the first of them counts.
    fn conjunction(&self, all: &[Node]) -> Says {
        let mut sum = Says::default();
        for said in all.iter().map(|node| self.says(node)) {
            if said.implied == Implied::default() || (said.is_of_some_row && sum.is_of_some_row) {
                continue;
            }
            sum.is_of_some_row |= said.is_of_some_row;
            sum.implied = sum.implied.and(said.implied);
        }
        sum
    }

    fn disjunction(&self, all: &[Node]) -> Says {
        let mut sides = all.iter().map(|node| self.says(node));
        let first = sides.next().unwrap_or_default();
        sides.fold(first, |sum, side| Says {
            implied: sum.implied.or(side.implied),
            is_of_some_row: sum.is_of_some_row || side.is_of_some_row,
        })
    }

    fn leaf(&self, node: &Node) -> Option<Implied> {
        match node {
            Node::Compare(comparison, sides) => {
                let [left, right] = &**sides;
                self.comparison(*comparison, left, right)
                    .or_else(|| self.comparison(comparison.mirrored(), right, left))
            }
            Node::In(left, items) => {
                let mut sides = items
                    .iter()
                    .map(|item| self.comparison(Comparison::Equal, left, item));
                let first = sides.next()??;
                sides.try_fold(first, |sum, side| Some(sum.or(side?)))
            }
            Node::Call(call) => match (call.function, call.arguments.as_slice()) {
                (
                    Function::Intersects
                    | Function::StIntersects
                    | Function::StEquals
                    | Function::StTouches
                    | Function::StWithin
                    | Function::StOverlaps
                    | Function::StCrosses
                    | Function::StContains,
                    [one, other],
                ) => self.near(one, other, 0.0),
                _ => None,
            },
            _ => None,
        }
    }

    /// Of a comparison whose left side is the path and whose right side needs no
    /// row.
    fn comparison(&self, comparison: Comparison, left: &Node, right: &Node) -> Option<Implied> {
        let value = constant(right, self.now)?;
        match (left, &value) {
            (Node::Path(path), _) => {
                let names = self.names(&path.row, path.attribute.name);
                let within = self.path.strip_prefix(names.as_slice())?;
                let is_whole = path
                    .members
                    .iter()
                    .map(String::as_str)
                    .eq(within.iter().copied());
                let is_end = match (is_whole, path.attribute.kind, path.members.as_slice()) {
                    (true, ..) => false,
                    // An end of the interval that is looked for.
                    (false, Kind::Interval, [end]) if within.is_empty() => end == "end",
                    _ => return None,
                };
                bounds(comparison, &value, is_end)
            }
            (Node::Call(call), _) if call.function == Function::Distance => {
                let [one, other] = call.arguments.as_slice() else {
                    return None;
                };
                let is_upper = matches!(
                    comparison,
                    Comparison::Equal | Comparison::Less | Comparison::LessOrEqual
                );
                let most = real(&value).filter(|_| is_upper)?;
                self.near(one, other, most)
            }
            // `st_within(...) eq true`, as clients of earlier versions write it.
            (Node::Call(_), Value::Bool(true)) if comparison == Comparison::Equal => {
                self.leaf(left)
            }
            _ => None,
        }
    }

    /// Of a geometry at the path that is no further from another than told.
    fn near(&self, one: &Node, other: &Node, distance: f64) -> Option<Implied> {
        let of_path = |node: &Node| match node {
            Node::Path(path) => self.names(&path.row, path.attribute.name) == self.path,
            _ => false,
        };
        let geometry = match (one, other) {
            (path, Node::Literal(Literal::Geometry(geometry))) if of_path(path) => geometry,
            (Node::Literal(Literal::Geometry(geometry)), path) if of_path(path) => geometry,
            _ => return None,
        };
        let rect = geometry.bounding_rect()?;
        let (low, high) = (rect.min(), rect.max());
        Some(Implied {
            bbox: Some([
                low.x - distance,
                low.y - distance,
                high.x + distance,
                high.y + distance,
            ]),
            ..Implied::default()
        })
    }

    /// The names that lead to an attribute from the row that the expression is
    /// about.
    fn names<'n>(&'n self, row: &'n RowPath, attribute: &'static str) -> Vec<&'static str> {
        let mut names = self.start(row.start);
        names.extend(row.relations.iter().map(|relation| relation.name));
        names.push(attribute);
        names
    }

    fn start(&self, slot: Slot) -> Vec<&'static str> {
        match self.sets {
            Some((quantifier, outer)) if quantifier.slot == slot => outer.set(quantifier),
            Some((_, outer)) => outer.start(slot),
            None => {
                debug_assert_eq!(slot, ROOT);
                Vec::new()
            }
        }
    }

    fn set(&self, quantifier: &Quantifier) -> Vec<&'static str> {
        let mut names = self.start(quantifier.source.start);
        names.extend(
            quantifier
                .source
                .relations
                .iter()
                .map(|relation| relation.name),
        );
        names.push(quantifier.relation.name);
        names
    }

    fn leads_through(&self, quantifier: &Quantifier) -> bool {
        self.path.starts_with(&self.set(quantifier))
    }
}

/// What a comparison with a constant says of a value, or of the end of the
/// interval that it is.
fn bounds(comparison: Comparison, value: &Value<'_>, of_end: bool) -> Option<Implied> {
    let mut implied = Implied::default();
    match value {
        Value::Time(_) | Value::Interval(..) | Value::Date(_) => {
            implied.time = time_bounds(comparison, value, of_end)?;
        }
        Value::Int(_) | Value::Number(_) => {
            implied.number = Some(number_bounds(comparison, real(value)?)?);
            if let (Comparison::Equal, Value::Int(whole)) = (comparison, value) {
                implied.ids = Some(u64::try_from(*whole).map(Id::Number).into_iter().collect());
            }
        }
        Value::Text(text) if comparison == Comparison::Equal => {
            implied.text = Some(text.to_string());
            implied.ids = Some(vec![Id::Text(text.as_ref().into())]);
        }
        _ => return None,
    }
    Some(implied)
}

fn real(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(whole) => Some(*whole as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// Bounds are of `f64`; beyond what that keeps exactly they are a little wide.
fn number_bounds(comparison: Comparison, number: f64) -> Option<(f64, f64)> {
    let is_exact = number.abs() < EXACT_NUMBERS;
    let (down, up) = if is_exact {
        (number.next_down(), number.next_up())
    } else {
        (number, number)
    };
    match comparison {
        Comparison::Equal => Some((number, number)),
        Comparison::NotEqual => None,
        Comparison::Greater => Some((up, f64::INFINITY)),
        Comparison::GreaterOrEqual => Some((number, f64::INFINITY)),
        Comparison::Less => Some((f64::NEG_INFINITY, down)),
        Comparison::LessOrEqual => Some((f64::NEG_INFINITY, number)),
    }
}

/// Bounds of the start of what compares so with an instant or an interval. An end
/// that is not after some time starts no later; one that is not before it says
/// nothing.
fn time_bounds(comparison: Comparison, value: &Value<'_>, of_end: bool) -> Option<TimeBounds> {
    let (start, end) = match value {
        Value::Interval(start, end) => (*start, *end),
        _ => super::functions::instant_of(value).map(|time| (time, time))?,
    };
    let after = |time: Timestamp| Timestamp::from_micros(time.as_micros().saturating_add(1));
    let mut bounds = TimeBounds::default();
    match comparison {
        Comparison::NotEqual => return None,
        Comparison::Greater | Comparison::GreaterOrEqual if of_end => return None,
        Comparison::Equal if of_end => bounds.to = after(start),
        Comparison::Equal => (bounds.from, bounds.to) = (start, after(start)),
        Comparison::Less if of_end => bounds.to = start,
        Comparison::Less => bounds.to = start,
        Comparison::LessOrEqual => bounds.to = after(start),
        Comparison::Greater => bounds.from = end.max(after(start)),
        Comparison::GreaterOrEqual => bounds.from = start,
    }
    Some(bounds)
}

impl Implied {
    /// What holds where both hold.
    fn and(self, other: Self) -> Self {
        Self {
            ids: both(self.ids, other.ids, |one, other| {
                one.into_iter().filter(|id| other.contains(id)).collect()
            }),
            time: TimeBounds {
                from: self.time.from.max(other.time.from),
                to: self.time.to.min(other.time.to),
            },
            number: both(self.number, other.number, |one, other| {
                (one.0.max(other.0), one.1.min(other.1))
            }),
            // What meets both need not meet what they have in common: the smaller
            // one says more.
            bbox: both(self.bbox, other.bbox, |one, other| {
                if size(one) <= size(other) { one } else { other }
            }),
            text: both(self.text, other.text, |one, _| one),
        }
    }

    /// What holds where either holds.
    fn or(self, other: Self) -> Self {
        Self {
            ids: self.ids.zip(other.ids).map(|(mut ids, more)| {
                ids.extend(more);
                ids.sort_unstable();
                ids.dedup();
                ids
            }),
            time: TimeBounds {
                from: self.time.from.min(other.time.from),
                to: self.time.to.max(other.time.to),
            },
            number: self
                .number
                .zip(other.number)
                .map(|(one, other)| (one.0.min(other.0), one.1.max(other.1))),
            bbox: self.bbox.zip(other.bbox).map(|(one, other)| {
                [
                    one[0].min(other[0]),
                    one[1].min(other[1]),
                    one[2].max(other[2]),
                    one[3].max(other[3]),
                ]
            }),
            text: self.text.filter(|text| other.text.as_ref() == Some(text)),
        }
    }
}

fn size([west, south, east, north]: [f64; 4]) -> f64 {
    (east - west) * (north - south)
}

/// The one that is there, or what both together say.
fn both<T>(one: Option<T>, other: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(join(one, other)),
        (one, other) => one.or(other),
    }
}
