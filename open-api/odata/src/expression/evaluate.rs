//! The value of an expression for a row.
//!
//! Logic has three values: what is neither true nor false counts as null. `and`
//! and `or` stop at the first side that decides.

use std::borrow::Cow;
use std::ops::ControlFlow;

use domain::Timestamp;

use super::ast::{AttributePath, Call, Literal, Node, Quantifier, ROOT, RowPath, Slot};
use super::functions::cast::cast;
use super::{arithmetic, compare, functions};
use crate::geojson::geojson;
use crate::row::{Hidden, Row, RowError, Visitor};
use crate::schema::{Attribute, Kind, Relation};
use crate::value::Value;

/// The rows in hand: the innermost one, and those around it.
#[derive(Clone, Copy)]
pub(super) struct Rows<'e> {
    row: &'e dyn Row,
    slot: Slot,
    outer: Option<&'e Rows<'e>>,
    now: Timestamp,
}

impl<'e> Rows<'e> {
    pub(super) fn new(row: &'e dyn Row, now: Timestamp) -> Self {
        Self {
            row,
            slot: ROOT,
            outer: None,
            now,
        }
    }

    fn at(&self, slot: Slot) -> &'e dyn Row {
        let mut rows = self;
        while rows.slot != slot {
            rows = rows.outer.expect("a path starts from a row in hand");
        }
        rows.row
    }
}

pub(super) fn value<'e>(node: &'e Node, rows: &Rows<'e>) -> Result<Value<'e>, RowError> {
    Ok(match node {
        Node::Literal(literal) => of_literal(literal),
        Node::Path(path) => attribute(path, rows)?,
        Node::Not(inner) => match value(inner, rows)? {
            Value::Bool(truth) => Value::Bool(!truth),
            _ => Value::Null,
        },
        Node::Negate(inner) => arithmetic::negated(&value(inner, rows)?),
        Node::And(all) => connective(all, false, rows)?,
        Node::Or(all) => connective(all, true, rows)?,
        Node::Compare(comparison, sides) => {
            let [left, right] = &**sides;
            let (left, right) = (value(left, rows)?, value(right, rows)?);
            Value::Bool(compare::holds(*comparison, &left, &right))
        }
        Node::Arithmetic(operation, sides) => {
            let [left, right] = &**sides;
            arithmetic::combined(*operation, &value(left, rows)?, &value(right, rows)?)
        }
        Node::In(left, items) => is_among(&value(left, rows)?, items, rows)?,
        Node::InArray(sides) => {
            let [left, array] = &**sides;
            is_element(&value(left, rows)?, &value(array, rows)?)
        }
        Node::Call(call) => called(call, rows)?,
        Node::Cast(inner, to) => cast(value(inner, rows)?, *to),
        Node::Some(quantifier) => Value::Bool(holds_for_some(quantifier, rows)?),
    })
}

fn of_literal(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(truth) => Value::Bool(*truth),
        Literal::Int(whole) => Value::Int(*whole),
        Literal::Number(number) => Value::Number(*number),
        Literal::Text(text) => Value::Text(Cow::Borrowed(text)),
        Literal::Time(time) => Value::Time(*time),
        Literal::Interval(start, end) => Value::Interval(*start, *end),
        Literal::Date(date) => Value::Date(*date),
        Literal::TimeOfDay(time) => Value::TimeOfDay(*time),
        Literal::Duration(duration) => Value::Duration(*duration),
        Literal::Geometry(geometry) => Value::Geometry(Cow::Borrowed(geometry)),
    }
}

/// `and` is decided by false, `or` by true.
fn connective<'e>(all: &'e [Node], decisive: bool, rows: &Rows<'e>) -> Result<Value<'e>, RowError> {
    let mut result = Value::Bool(!decisive);
    for node in all {
        match value(node, rows)? {
            Value::Bool(truth) if truth == decisive => return Ok(Value::Bool(decisive)),
            Value::Bool(_) => {}
            _ => result = Value::Null,
        }
    }
    Ok(result)
}

fn is_among<'e>(
    left: &Value<'_>,
    items: &'e [Node],
    rows: &Rows<'e>,
) -> Result<Value<'e>, RowError> {
    for item in items {
        if compare::equal(left, &value(item, rows)?) {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn is_element<'e>(left: &Value<'_>, array: &Value<'_>) -> Value<'e> {
    let is_element = match array {
        Value::Json(json) => json.as_array().is_some_and(|elements| {
            let mut elements = elements.iter();
            elements.any(|element| compare::equal(left, &Value::of_json(element)))
        }),
        _ => false,
    };
    Value::Bool(is_element)
}

fn called<'e>(call: &'e Call, rows: &Rows<'e>) -> Result<Value<'e>, RowError> {
    // No function takes more than three.
    let mut arguments = [const { Value::Null }; 3];
    for (place, argument) in arguments.iter_mut().zip(&call.arguments) {
        *place = value(argument, rows)?;
    }
    let given = &arguments[..call.arguments.len()];
    Ok(functions::call(
        call.function,
        given,
        call.zone.as_ref(),
        rows.now,
    ))
}

fn attribute<'e>(path: &'e AttributePath, rows: &Rows<'e>) -> Result<Value<'e>, RowError> {
    let row = rows.at(path.row.start);
    if path.row.relations.is_empty() {
        return Ok(member(row.value(path.attribute)?, path));
    }
    let mut found = Value::Null;
    follow(row, &path.row.relations, &mut |row| {
        found = member(row.value(path.attribute)?, path).into_owned();
        Ok(())
    })?;
    Ok(found)
}

/// Visits the row to which relations to one lead, if all of them do.
fn follow(
    row: &dyn Row,
    relations: &[&'static Relation],
    visit: &mut dyn FnMut(&dyn Row) -> Result<(), RowError>,
) -> Result<(), RowError> {
    let Some((first, rest)) = relations.split_first() else {
        return visit(row);
    };
    match row.one(first)? {
        Some(next) => follow(next.as_ref(), rest, visit),
        None => Ok(()),
    }
}

/// What the path leads to within an attribute's value.
fn member<'v>(value: Value<'v>, path: &AttributePath) -> Value<'v> {
    let Some(first) = path.members.first() else {
        return value;
    };
    if path.attribute.kind == Kind::Interval {
        return match value {
            Value::Interval(start, end) => Value::Time(if first == "start" { start } else { end }),
            Value::Time(time) => Value::Time(time),
            _ => Value::Null,
        };
    }
    match value {
        Value::Json(Cow::Borrowed(json)) => {
            within(json, &path.members).map_or(Value::Null, Value::of_json)
        }
        Value::Json(Cow::Owned(json)) => within_owned(&json, &path.members),
        Value::Geometry(geometry) => within_owned(&geojson(&geometry), &path.members),
        _ => Value::Null,
    }
}

fn within_owned<'v>(json: &serde_json::Value, members: &[String]) -> Value<'v> {
    within(json, members).map_or(Value::Null, |found| Value::of_json(found).into_owned())
}

/// Members of objects by name, of arrays by number.
fn within<'j>(json: &'j serde_json::Value, members: &[String]) -> Option<&'j serde_json::Value> {
    members.iter().try_fold(json, |json, member| match json {
        serde_json::Value::Array(elements) => elements.get(member.parse::<usize>().ok()?),
        object => object.get(member),
    })
}

fn holds_for_some<'e>(quantifier: &'e Quantifier, rows: &Rows<'e>) -> Result<bool, RowError> {
    let Quantifier { source, .. } = quantifier;
    let RowPath { start, relations } = source;
    let mut is_found = false;
    follow(rows.at(*start), relations, &mut |row| {
        row.each(quantifier.relation, &mut |row| {
            let inner = Rows {
                row,
                slot: quantifier.slot,
                outer: Some(rows),
                now: rows.now,
            };
            is_found = match &quantifier.body {
                Some(body) => is_true(value(body, &inner))?,
                None => true,
            };
            Ok(if is_found {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })
    })?;
    Ok(is_found)
}

/// What is hidden is true of no row.
fn is_true(value: Result<Value<'_>, RowError>) -> Result<bool, RowError> {
    match value {
        Ok(value) => Ok(value == Value::Bool(true)),
        Err(error) if error.is::<Hidden>() => Ok(false),
        Err(error) => Err(error),
    }
}

/// The value of an expression that reads no row; `None` for one that does.
pub(super) fn constant(node: &Node, now: Timestamp) -> Option<Value<'_>> {
    if !is_constant(node) {
        return None;
    }
    value(node, &Rows::new(&NoRow, now)).ok()
}

fn is_constant(node: &Node) -> bool {
    match node {
        Node::Literal(_) => true,
        Node::Path(_) | Node::Some(_) => false,
        Node::Not(inner) | Node::Negate(inner) | Node::Cast(inner, _) => is_constant(inner),
        Node::And(all) | Node::Or(all) => all.iter().all(is_constant),
        Node::Compare(_, sides) | Node::Arithmetic(_, sides) | Node::InArray(sides) => {
            sides.iter().all(is_constant)
        }
        Node::In(left, items) => is_constant(left) && items.iter().all(is_constant),
        Node::Call(call) => call.arguments.iter().all(is_constant),
    }
}

/// What constants are evaluated over.
struct NoRow;

impl Row for NoRow {
    fn value(&self, _: &'static Attribute) -> Result<Value<'_>, RowError> {
        Ok(Value::Null)
    }

    fn one(&self, _: &'static Relation) -> Result<Option<Box<dyn Row + '_>>, RowError> {
        Ok(None)
    }

    fn each(&self, _: &'static Relation, _: Visitor<'_>) -> Result<(), RowError> {
        Ok(())
    }
}
