//! The path of a URL below the service's root: from set to entity to relation,
//! and what of it is asked for.

use crate::id::Id;
use crate::schema::{Attribute, EntityType, Relation, Version};

/// Where a path leads. Without steps: the landing page.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourcePath {
    pub steps: Vec<Step>,
    pub end: PathEnd,
}

/// From the service's root to a set, or along a relation; then, with a key, to
/// one entity of the set.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `None` for the first step.
    pub relation: Option<&'static Relation>,
    pub entity_type: EntityType,
    /// Whether it leads to a set: a set or a relation to many, without a key.
    pub many: bool,
    pub key: Option<Id>,
}

/// What is asked for of that to which the steps lead.
#[derive(Debug, Clone, PartialEq)]
pub enum PathEnd {
    Entities,
    /// `/$ref`.
    References,
    Attribute {
        attribute: &'static Attribute,
        /// Into the attribute's value; empty for the whole of it.
        path: Vec<String>,
        /// `/$value`.
        raw: bool,
    },
}

/// Why there is nothing under a path: 404.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {segment:?} {place}; {hint}")]
pub struct PathError {
    /// The segment that is not understood, decoded as far as that can be.
    pub segment: String,
    /// Of what it was asked for, as `in Things`.
    pub place: String,
    /// What there is instead.
    pub hint: String,
}

/// Reads what follows the service's root, as `/Things(1)/Datastreams`, with or
/// without slashes at its ends. Each segment is percent-decoded by itself.
pub fn parse_path(_version: Version, _path: &str) -> Result<ResourcePath, PathError> {
    todo!()
}
