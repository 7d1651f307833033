//! Expressions of `$filter` and `$orderby`.

mod implied;

pub use implied::{Implied, TimeBounds};

use domain::Timestamp;

use crate::row::{Row, RowError};
use crate::value::Value;

/// A checked expression over the rows of one entity type. Its `Display` is the
/// text that parses to the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr(());

impl Expr {
    /// What it comes to for a row.
    pub fn evaluate<'r>(
        &'r self,
        _row: &'r dyn Row,
        _now: Timestamp,
    ) -> Result<Value<'r>, RowError> {
        todo!()
    }

    /// Whether a row stays: only where it is true, so not where it is null.
    pub fn holds(&self, _row: &dyn Row, _now: Timestamp) -> Result<bool, RowError> {
        todo!()
    }

    /// Where it is nothing but an attribute: the names that lead to it, as
    /// `["Datastream", "id"]` or `["properties", "floor"]`.
    pub fn as_path(&self) -> Option<Vec<&str>> {
        todo!()
    }

    /// What it implies of the value at `path`, for all rows that it holds for.
    pub fn implied(&self, _path: &[&str], _now: Timestamp) -> Implied {
        todo!()
    }

    /// Whether it says no more than what [`Expr::implied`] tells of these paths
    /// together: a row within all of that needs no further look.
    pub fn is_implied_by(&self, _paths: &[&[&str]]) -> bool {
        todo!()
    }
}

impl std::fmt::Display for Expr {
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
