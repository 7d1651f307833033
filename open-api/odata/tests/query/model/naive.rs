//! The other evaluation. A condition is true or false by rules of its own, and
//! null is what is neither. Numbers are all `f64`: those of the trees are small.

use serde_json::Value as Json;

use super::rows::Datastream;
use super::trees::{Condition, Constant, Number, Text, Time, Untyped};

/// A row, and the result of the Observation within `any`.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'r> {
    pub(crate) row: &'r Datastream,
    pub(crate) observation: Option<&'r Json>,
}

impl Seen<'_> {
    pub(crate) fn is_true(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Literal(truth) => *truth == Some(true),
            Condition::Not(inner) => self.is_false(inner),
            Condition::And(all) => all.iter().all(|one| self.is_true(one)),
            Condition::Or(all) => all.iter().any(|one| self.is_true(one)),
            Condition::IsTrue(untyped) => self.untyped(*untyped) == Json::Bool(true),
            other => self.decided(other) == Some(true),
        }
    }

    pub(crate) fn is_false(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Literal(truth) => *truth == Some(false),
            Condition::Not(inner) => self.is_true(inner),
            Condition::And(all) => all.iter().any(|one| self.is_false(one)),
            Condition::Or(all) => all.iter().all(|one| self.is_false(one)),
            Condition::IsTrue(untyped) => self.untyped(*untyped) == Json::Bool(false),
            other => self.decided(other) == Some(false),
        }
    }

    /// Of a condition without others at its top; `None` where it is null.
    fn decided(&self, condition: &Condition) -> Option<bool> {
        Some(match condition {
            Condition::Numbers(word, a, b) => by_order(word, self.number(a), self.number(b)),
            Condition::Texts(word, a, b) => by_order(word, self.text(a), self.text(b)),
            Condition::Times(word, a, b) => by_time(word, self.time(a), self.time(b)),
            Condition::Untyped(word, a, b, false) => by_json(word, &self.untyped(*a), &json(b)),
            Condition::Untyped(word, a, b, true) => by_json(word, &json(b), &self.untyped(*a)),
            Condition::IsNull(word, a) => (self.untyped(*a) == Json::Null) == (*word == "eq"),
            Condition::Id(word, id) => by_order(word, Some(self.row.id), Some(*id)),
            Condition::IdIn(ids) => ids.contains(&self.row.id),
            Condition::In(a, list) => {
                let value = self.untyped(*a);
                list.iter().any(|one| by_json("eq", &value, &json(one)))
            }
            Condition::Has(word, a, b) => {
                let (a, b) = (self.text(a)?, self.text(b)?);
                match *word {
                    "contains" => a.contains(&b),
                    "substringof" => b.contains(&a),
                    "startswith" => a.starts_with(&b),
                    _ => a.ends_with(&b),
                }
            }
            Condition::Any(body) => self.row.results.iter().any(|result| {
                let inner = Seen {
                    row: self.row,
                    observation: Some(result),
                };
                inner.is_true(body)
            }),
            Condition::AnyAtAll => !self.row.results.is_empty(),
            _ => unreachable!("it has others at its top"),
        })
    }

    fn untyped(&self, untyped: Untyped) -> Json {
        match untyped {
            Untyped::Property(key) => self.row.properties[key].clone().unwrap_or(Json::Null),
            Untyped::Result => self.observation.cloned().unwrap_or(Json::Null),
        }
    }

    fn number(&self, number: &Number) -> Option<f64> {
        match number {
            Number::Whole(whole) => Some(f64::from(*whole)),
            Number::Halves(halves) => Some(f64::from(*halves) / 2.0),
            Number::Untyped(untyped) => self.untyped(*untyped).as_f64(),
            Number::Length(text) => Some(self.text(text)?.chars().count() as f64),
            Number::Negative(inner) => Some(-self.number(inner)?),
            Number::Rounded(word, inner) => {
                let number = self.number(inner)?;
                Some(match *word {
                    "round" => number.signum() * (number.abs() + 0.5).floor(),
                    "floor" => number - number.rem_euclid(1.0),
                    _ => -(-number - (-number).rem_euclid(1.0)),
                })
            }
            Number::Arithmetic(word, a, b) => {
                let (left, right) = (self.number(a)?, self.number(b)?);
                let result = match *word {
                    "add" => left + right,
                    "sub" => left - right,
                    "mul" => left * right,
                    "mod" => left - (left / right).trunc() * right,
                    _ if is_whole(a) && is_whole(b) => (left / right).trunc(),
                    _ => left / right,
                };
                (right != 0.0 || !matches!(*word, "div" | "mod")).then_some(result)
            }
        }
    }

    fn text(&self, text: &Text) -> Option<String> {
        match text {
            Text::Literal(text) => Some(text.clone()),
            Text::Name => self.row.name.clone(),
            Text::ThingName => self.row.thing.clone()?,
            Text::Concat(a, b) => Some(self.text(a)? + &self.text(b)?),
            Text::Lower(inner) => Some(self.text(inner)?.replace('A', "a")),
            Text::Substring(inner, from) => {
                let text = self.text(inner)?;
                let from = usize::try_from(*from).unwrap_or(0).min(text.len());
                Some(text[from..].to_owned())
            }
        }
    }

    /// Start and end, in minutes.
    fn time(&self, time: &Time) -> Option<(i32, i32)> {
        let whole = |(start, end): (u8, u8)| (i32::from(start), i32::from(end));
        match time {
            Time::At(at) => Some(whole((*at, *at))),
            Time::Between(start, end) => Some(whole((*start, *end))),
            Time::Null => None,
            Time::Phenomenon => self.row.phenomenon_time.map(whole),
            Time::Start => self
                .row
                .phenomenon_time
                .map(|(start, _)| whole((start, start))),
            Time::End => self.row.phenomenon_time.map(|(_, end)| whole((end, end))),
            Time::Later(inner, minutes) => {
                let (start, end) = self.time(inner)?;
                let minutes = i32::from(*minutes);
                Some((start + minutes, end + minutes))
            }
        }
    }
}

/// Whether a number is known to be whole before any row is read.
fn is_whole(number: &Number) -> bool {
    match number {
        Number::Whole(_) | Number::Length(_) => true,
        Number::Negative(inner) => is_whole(inner),
        Number::Arithmetic(_, a, b) => is_whole(a) && is_whole(b),
        Number::Halves(_) | Number::Untyped(_) | Number::Rounded(..) => false,
    }
}

fn json(constant: &Constant) -> Json {
    match constant {
        Constant::Null => Json::Null,
        Constant::Bool(truth) => Json::from(*truth),
        Constant::Whole(whole) => Json::from(*whole),
        Constant::Text(text) => Json::from(text.clone()),
    }
}

fn by_order<T: PartialOrd>(word: &str, a: Option<T>, b: Option<T>) -> bool {
    match (word, a, b) {
        ("eq", a, b) => a == b,
        ("ne", a, b) => a != b,
        ("gt", Some(a), Some(b)) => a > b,
        ("ge", Some(a), Some(b)) => a >= b,
        ("lt", Some(a), Some(b)) => a < b,
        ("le", Some(a), Some(b)) => a <= b,
        _ => false,
    }
}

fn by_time(word: &str, a: Option<(i32, i32)>, b: Option<(i32, i32)>) -> bool {
    let is_before = |one: (i32, i32), other: (i32, i32)| one.1 <= other.0;
    match (word, a, b) {
        ("eq", a, b) => a == b,
        ("ne", a, b) => a != b,
        ("lt", Some(a), Some(b)) => is_before(a, b) && a.0 != b.0,
        ("le", Some(a), Some(b)) => is_before(a, b) || a == b,
        ("gt", Some(a), Some(b)) => is_before(b, a) && a.0 != b.0,
        ("ge", Some(a), Some(b)) => is_before(b, a) || a == b,
        _ => false,
    }
}

fn by_json(word: &str, a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => by_order(word, a.as_f64(), b.as_f64()),
        (Json::String(a), Json::String(b)) => by_order(word, Some(a), Some(b)),
        (Json::Bool(a), Json::Bool(b)) => by_order(word, Some(a), Some(b)),
        (Json::Null, Json::Null) => word == "eq",
        _ => word == "ne",
    }
}
