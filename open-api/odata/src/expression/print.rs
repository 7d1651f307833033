//! Writes expressions, and values as the constants that they read from.

use std::fmt;

use super::ast::{AttributePath, Literal, Node, Quantifier, ROOT, RowPath, Slot};
use super::parse::Power;
use super::wkt;
use crate::value::Value;

/// The text that parses to the same tree.
pub(super) fn write(node: &Node, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    Printer { outer: None }.node(node, f)
}

/// Knows the sets that it is within, by whose names paths start.
#[derive(Clone, Copy)]
struct Printer<'n> {
    outer: Option<(&'n Quantifier, &'n Printer<'n>)>,
}

impl Printer<'_> {
    /// With brackets where it binds less tightly than told.
    fn bound(&self, node: &Node, least: Power, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if power(node) >= least {
            return self.node(node, f);
        }
        f.write_str("(")?;
        self.node(node, f)?;
        f.write_str(")")
    }

    fn node(&self, node: &Node, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match node {
            Node::Literal(literal) => write_literal(literal, f),
            Node::Path(path) => self.attribute(path, f),
            Node::Not(inner) => {
                f.write_str("not ")?;
                self.bound(inner, Power::UNARY, f)
            }
            Node::Negate(inner) => {
                f.write_str("-(")?;
                self.node(inner, f)?;
                f.write_str(")")
            }
            Node::And(all) => self.joined(all, " and ", Power::AND.next(), f),
            Node::Or(all) => self.joined(all, " or ", Power::OR.next(), f),
            Node::Compare(comparison, sides) => self.infix(node, comparison.word(), sides, f),
            Node::Arithmetic(operation, sides) => self.infix(node, operation.word(), sides, f),
            Node::In(left, items) => {
                self.bound(left, Power::IN, f)?;
                f.write_str(" in (")?;
                self.joined(items, ", ", Power::OR, f)?;
                f.write_str(")")
            }
            Node::InArray(sides) => self.infix(node, "in", sides, f),
            Node::Call(call) => {
                write!(f, "{}(", call.function.signature().name)?;
                self.joined(&call.arguments, ", ", Power::OR, f)?;
                f.write_str(")")
            }
            Node::Cast(inner, to) => {
                f.write_str("cast(")?;
                self.node(inner, f)?;
                write!(f, ", {})", to.name())
            }
            Node::Some(quantifier) => self.quantifier(quantifier, f),
        }
    }

    fn infix(
        &self,
        node: &Node,
        word: &str,
        [left, right]: &[Node; 2],
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        self.bound(left, power(node), f)?;
        write!(f, " {word} ")?;
        self.bound(right, power(node).next(), f)
    }

    fn joined(
        &self,
        all: &[Node],
        between: &str,
        least: Power,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        for (index, node) in all.iter().enumerate() {
            if index > 0 {
                f.write_str(between)?;
            }
            self.bound(node, least, f)?;
        }
        Ok(())
    }

    fn quantifier(&self, quantifier: &Quantifier, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = Printer {
            outer: Some((quantifier, self)),
        };
        let (Some(variable), Some(body)) = (&quantifier.variable, &quantifier.body) else {
            return match &quantifier.body {
                // The plain paths in it say it all.
                Some(body) => inner.node(body, f),
                None => {
                    self.set(quantifier, f)?;
                    f.write_str("/any()")
                }
            };
        };
        self.set(quantifier, f)?;
        write!(f, "/any({variable}: ")?;
        inner.node(body, f)?;
        f.write_str(")")
    }

    fn set(&self, quantifier: &Quantifier, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.row(&quantifier.source, f)?;
        f.write_str(quantifier.relation.name)
    }

    fn attribute(&self, path: &AttributePath, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.row(&path.row, f)?;
        f.write_str(path.attribute.name)?;
        path.members
            .iter()
            .try_for_each(|member| write!(f, "/{member}"))
    }

    /// The way to a row, with a slash after it.
    fn row(&self, path: &RowPath, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.start(path.start, f)?;
        path.relations
            .iter()
            .try_for_each(|relation| write!(f, "{}/", relation.name))
    }

    fn start(&self, slot: Slot, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outer {
            Some((quantifier, _)) if quantifier.slot == slot => match &quantifier.variable {
                Some(variable) => write!(f, "{variable}/"),
                None => {
                    self.set(quantifier, f)?;
                    f.write_str("/")
                }
            },
            Some((_, outer)) => outer.start(slot, f),
            None => {
                debug_assert_eq!(slot, ROOT);
                Ok(())
            }
        }
    }
}

/// How tightly what is written for a node binds.
fn power(node: &Node) -> Power {
    match node {
        Node::Or(_) => Power::OR,
        Node::And(_) => Power::AND,
        Node::Compare(comparison, _) => Power::of_comparison(*comparison),
        Node::Arithmetic(operation, _) => Power::of_arithmetic(*operation),
        Node::Not(_) | Node::Negate(_) => Power::UNARY,
        Node::In(..) | Node::InArray(_) => Power::IN,
        Node::Some(quantifier) => match (&quantifier.variable, &quantifier.body) {
            (None, Some(body)) => power(body),
            _ => Power::PRIMARY,
        },
        Node::Literal(_) | Node::Path(_) | Node::Call(_) | Node::Cast(..) => Power::PRIMARY,
    }
}

fn write_literal(literal: &Literal, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match literal {
        Literal::Null => f.write_str("null"),
        Literal::Bool(truth) => write!(f, "{truth}"),
        Literal::Int(whole) => write!(f, "{whole}"),
        // With a point or an exponent, so that it is not read as a whole number.
        Literal::Number(number) => write!(f, "{number:?}"),
        Literal::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
        Literal::Time(time) => write!(f, "{time}"),
        Literal::Interval(start, end) => write!(f, "{start}/{end}"),
        Literal::Date(date) => write!(f, "{date}"),
        Literal::TimeOfDay(time) => write!(f, "{time}"),
        Literal::Duration(duration) => write!(f, "duration'{duration}'"),
        Literal::Geometry(geometry) => {
            f.write_str("geography'")?;
            wkt::write(geometry, f)?;
            f.write_str("'")
        }
    }
}

/// A value as `cast(..., Edm.String)` gives it; `None` for what has no text.
pub(super) fn written(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::Null | Value::Geometry(_) => return None,
        Value::Bool(truth) => truth.to_string(),
        Value::Int(whole) => whole.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Interval(start, end) => format!("{start}/{end}"),
        Value::Date(date) => date.to_string(),
        Value::TimeOfDay(time) => time.to_string(),
        Value::Duration(duration) => duration.to_string(),
        Value::Json(json) => json.to_string(),
    })
}
