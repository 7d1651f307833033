//! What expressions are evaluated over.

use std::ops::ControlFlow;

use crate::schema::{Attribute, Relation};
use crate::value::Value;

/// Why a row could not be read; it ends the evaluation as it is.
pub type RowError = Box<dyn std::error::Error + Send + Sync>;

/// An entity as an expression sees it. Whoever implements it shows what its reader
/// may see, and nothing else: what is hidden reads as null, a hidden relation
/// leads nowhere.
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
    fn each(
        &self,
        relation: &'static Relation,
        visit: &mut dyn FnMut(&dyn Row) -> Result<ControlFlow<()>, RowError>,
    ) -> Result<(), RowError>;
}
