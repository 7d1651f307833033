//! What a query string may say: one type for each notation.

mod bbox;
mod boundary;
mod byte_range;
mod filter;
mod limit;
mod near;
mod query;
mod text;
mod time;

pub(crate) use bbox::Bbox;
pub(crate) use boundary::named;
pub(crate) use byte_range::Wanted;
pub(crate) use filter::{DatastreamFilter, Selected, Viewer};
pub(crate) use limit::Limit;
pub(crate) use near::Near;
pub(crate) use query::Query;
pub(crate) use text::Text;
pub(crate) use time::Time;
