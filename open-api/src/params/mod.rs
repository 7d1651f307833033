//! What a query string may say of datastreams: one type for each notation.

mod bbox;
mod boundary;
mod filter;
mod filter_query;
mod known;
mod near;
mod quality;
mod time;

pub(crate) use bbox::Bbox;
pub(crate) use boundary::named;
pub(crate) use filter::{DatastreamFilter, Selected, Viewer};
pub(crate) use filter_query::{FilterQuery, Filtered};
pub(crate) use known::KnownWords;
pub(crate) use near::Near;
pub(crate) use quality::{QualityNames, qualities};
pub(crate) use time::Time;
