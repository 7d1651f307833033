//! Expressions of `$filter` and `$orderby`.

mod arithmetic;
mod ast;
mod compare;
mod evaluate;
mod exact;
mod functions;
mod implied;
mod literal;
mod parse;
mod print;
mod types;
mod validity;
mod wkt;

pub(crate) use compare::numbers as compare_numbers;
pub(crate) use parse::{Purpose, parse};

pub use functions::function_names;
pub use implied::{Implied, TimeBounds};

use std::fmt;

use domain::Timestamp;

use crate::row::{Hidden, Row, RowError};
use crate::value::Value;
use ast::{Node, ROOT};
use evaluate::Rows;

/// A checked expression over the rows of one entity type. Its `Display` is a text
/// that parses to the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr(Node);

impl Expr {
    /// What it comes to for a row; null where it names something [`Hidden`].
    pub fn evaluate<'r>(&'r self, row: &'r dyn Row, now: Timestamp) -> Result<Value<'r>, RowError> {
        match evaluate::value(&self.0, &Rows::new(row, now)) {
            Err(error) if error.is::<Hidden>() => Ok(Value::Null),
            result => result,
        }
    }

    /// Whether a row stays: only where it is true, so not where it is null.
    pub fn holds(&self, row: &dyn Row, now: Timestamp) -> Result<bool, RowError> {
        Ok(self.evaluate(row, now)? == Value::Bool(true))
    }

    /// Where it is nothing but an attribute: the names that lead to it, as
    /// `["Datastream", "id"]` or `["properties", "floor"]`.
    pub fn as_path(&self) -> Option<Vec<&str>> {
        match &self.0 {
            Node::Path(path) if path.row.start == ROOT => {
                let relations = path.row.relations.iter().map(|relation| relation.name);
                let members = path.members.iter().map(String::as_str);
                Some(
                    relations
                        .chain([path.attribute.name])
                        .chain(members)
                        .collect(),
                )
            }
            _ => None,
        }
    }
}

impl Expr {
    /// What it implies of the value at `path`, for all rows that it holds for. The
    /// names are those of [`Expr::as_path`], `["Thing", "Locations", "location"]`
    /// through a set.
    pub fn implied(&self, path: &[&str], now: Timestamp) -> Implied {
        implied::implied(&self.0, path, now)
    }

    /// Whether it says no more than what [`Expr::implied`] tells of these paths
    /// together, so that a row within all of that needs no further look. It is
    /// true only of ids, of numbers, and of times that are instants: where one of
    /// these paths leads to an interval, it has to be looked at.
    pub fn is_implied_by(&self, paths: &[&[&str]], now: Timestamp) -> bool {
        exact::is_exact(&self.0, paths, now)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::write(&self.0, f)
    }
}
