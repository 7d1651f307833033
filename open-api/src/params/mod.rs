//! What a query string may say of datastreams, and bodies of times and nulls: one
//! type for each notation.

mod boundary;
mod filter;
mod filter_query;
mod group;
mod known;
mod near;
mod nearby;
mod nullable;
mod quality;
mod time;
mod values;

pub(crate) use boundary::named;
pub(crate) use filter::{DatastreamFilter, Selected, Viewer};
pub(crate) use filter_query::{FilterQuery, Filtered};
pub(crate) use group::named_group;
pub(crate) use known::KnownWords;
pub(crate) use near::Near;
pub(crate) use nearby::{MOST_AT_ONCE, most_candidates};
pub(crate) use nullable::nullable;
pub(crate) use quality::{QualityNames, qualities};
pub(crate) use time::Time;
pub(crate) use values::ValueConditions;
