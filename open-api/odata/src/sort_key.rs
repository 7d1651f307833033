//! The order of rows: comparison of values of any type, and the key of a row that
//! outlives it.

use std::cmp::Ordering;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::options::OrderItem;
use crate::row::{Row, RowError};
use crate::value::Value;

/// Null first, then by type, then by value; numbers as numbers, whole or not.
pub fn compare_keys(_left: &Value<'_>, _right: &Value<'_>) -> Ordering {
    todo!()
}

/// The order values of a row, owned: compared as the rows are, written into the
/// token of a next page and read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SortKey(Vec<KeyPart>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum KeyPart {
    Null,
}

impl SortKey {
    /// The key of a row under an order.
    pub fn of(_order: &[OrderItem], _row: &dyn Row, _now: Timestamp) -> Result<Self, RowError> {
        todo!()
    }

    /// Which of two rows comes first under the order that both keys were made
    /// with. A key of another length (from a token that was made up) compares by
    /// the parts that both have.
    pub fn compare(&self, _other: &Self, _order: &[OrderItem]) -> Ordering {
        todo!()
    }

    /// How many order items it was made of.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
