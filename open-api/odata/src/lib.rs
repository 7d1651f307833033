//! The query language of OGC SensorThings 1.1 and 2.0: resource paths, query
//! options, and expressions over rows that somebody else has.
//!
//! It has no I/O and no clock: the present comes in as a parameter. It knows no
//! registry, no store and no HTTP. Whatever it parses comes from the network: work
//! and depth are bounded by [`limits`].
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cursor;
mod expression;
mod geojson;
mod id;
pub mod limits;
mod options;
mod path;
mod percent;
mod row;
mod schema;
mod sort_key;
mod value;

pub use expression::{Expr, Implied, TimeBounds, function_names};
pub use geojson::geojson;
pub use id::Id;
pub use options::{
    Expand, Format, Metadata, Options, OptionsError, OptionsErrorKind, OrderItem, SelectItem,
    parse_options,
};
pub use path::{PathEnd, PathError, ResourcePath, Step, parse_path};
pub use row::{Hidden, Row, RowError, Visitor};
pub use schema::{Attribute, EntityType, ID, Kind, Relation, Version};
pub use sort_key::{SortKey, compare_keys};
pub use value::Value;
