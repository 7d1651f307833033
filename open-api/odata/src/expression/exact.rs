//! Whether an expression says no more than the bounds that it implies.

use domain::Timestamp;

use super::ast::{AttributePath, Comparison, Node, ROOT};
use super::evaluate::constant;
use super::implied::EXACT_NUMBERS;
use crate::schema::Kind;
use crate::value::Value;

pub(super) fn is_exact(node: &Node, paths: &[&[&str]], now: Timestamp) -> bool {
    let is_asked_for = |path: &AttributePath| paths.iter().any(|asked| is_at(path, asked));
    match node {
        Node::And(all) => all.iter().all(|one| is_exact(one, paths, now)),
        Node::Compare(comparison, sides) => match &**sides {
            [Node::Path(path), other] | [other, Node::Path(path)] => {
                let value = constant(other, now);
                *comparison != Comparison::NotEqual
                    && is_asked_for(path)
                    && value.is_some_and(|value| has_bounds(path, *comparison, &value))
            }
            _ => false,
        },
        Node::In(..) | Node::Or(_) => ids_of(node, now).is_some_and(is_asked_for),
        _ => false,
    }
}

/// Whether it is an attribute of the row that the expression is about, or of one
/// that it leads to, under these names.
fn is_at(path: &AttributePath, names: &[&str]) -> bool {
    let relations = path.row.relations.iter().map(|relation| relation.name);
    path.row.start == ROOT
        && path.members.is_empty()
        && relations
            .chain([path.attribute.name])
            .eq(names.iter().copied())
}

fn has_bounds(path: &AttributePath, comparison: Comparison, value: &Value<'_>) -> bool {
    match (path.attribute.kind, value) {
        (Kind::Id, value) => comparison == Comparison::Equal && is_id(value),
        (Kind::Any, Value::Int(whole)) => whole.unsigned_abs() < EXACT_NUMBERS as u64,
        (Kind::Any, Value::Number(number)) => number.abs() < EXACT_NUMBERS,
        (Kind::Time | Kind::Interval, value) => {
            matches!(value, Value::Time(_) | Value::Date(_))
        }
        _ => false,
    }
}

/// Negative numbers are no ids, which is as exact.
fn is_id(value: &Value<'_>) -> bool {
    matches!(value, Value::Int(_) | Value::Text(_))
}

/// The path whose id the expression gives a list of, one way or another.
fn ids_of(node: &Node, now: Timestamp) -> Option<&AttributePath> {
    let is_id = |node: &Node| constant(node, now).is_some_and(|value| is_id(&value));
    match node {
        Node::Compare(Comparison::Equal, sides) => match &**sides {
            [Node::Path(path), other] | [other, Node::Path(path)] if is_id(other) => {
                (path.attribute.kind == Kind::Id).then_some(path)
            }
            _ => None,
        },
        Node::In(left, items) => match &**left {
            Node::Path(path) if path.attribute.kind == Kind::Id && items.iter().all(is_id) => {
                Some(path)
            }
            _ => None,
        },
        Node::Or(all) => {
            let mut paths = all.iter().map(|one| ids_of(one, now));
            let first = paths.next()??;
            paths.all(|path| path == Some(first)).then_some(first)
        }
        _ => None,
    }
}
