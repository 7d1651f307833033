//! What a query string may say: one type for each notation.

mod bbox;
mod boundary;
mod byte_range;
mod filter;
mod filter_query;
mod known;
mod limit;
mod near;
mod nearest;
mod quality;
mod query;
mod text;
mod time;

pub(crate) use bbox::Bbox;
pub(crate) use boundary::named;
pub(crate) use byte_range::Wanted;
pub(crate) use filter::{DatastreamFilter, Selected, Viewer};
pub(crate) use filter_query::FilterQuery;
pub(crate) use known::KnownWords;
pub(crate) use limit::Limit;
pub(crate) use near::Near;
pub(crate) use nearest::what_there_is;
pub(crate) use quality::{QualityNames, qualities};
pub(crate) use query::{Filtered, Query};
pub(crate) use text::Text;
pub(crate) use time::Time;
