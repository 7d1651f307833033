//! What expressions are evaluated over.

use std::ops::ControlFlow;

use crate::schema::{Attribute, Relation};
use crate::value::Value;

/// Why a row could not be read; it ends the evaluation as it is.
pub type RowError = Box<dyn std::error::Error + Send + Sync>;

/// Is called for each row of a set, until it breaks.
pub type Visitor<'v> = &'v mut (dyn FnMut(&dyn Row) -> Result<ControlFlow<()>, RowError> + 'v);

/// The error of a [`Row`] for an attribute that its reader may not see. It is none
/// of the evaluation: a filter that reads it drops the row (as 2.0 asks for), an
/// order takes it as null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the attribute is hidden from its reader")]
pub struct Hidden;

/// An entity as an expression sees it. Whoever implements it shows what its reader
/// may see, and nothing else: an attribute may be [`Hidden`], a relation or an
/// entity that is not to be seen leads nowhere.
///
/// The attributes and relations asked for are those of the row's entity type, in
/// the version that the expression was parsed for. Geometries have finite
/// coordinates.
pub trait Row {
    /// The value of an attribute, null where there is none.
    fn value(&self, attribute: &'static Attribute) -> Result<Value<'_>, RowError>;

    /// The entity that a relation to one leads to.
    fn one(&self, relation: &'static Relation) -> Result<Option<Box<dyn Row + '_>>, RowError>;

    /// Each entity of a relation to many, until the visitor breaks.
    fn each(&self, relation: &'static Relation, visit: Visitor<'_>) -> Result<(), RowError>;
}
