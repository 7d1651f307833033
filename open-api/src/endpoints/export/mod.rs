//! Whole days as files.

pub(crate) mod day;
mod download;

pub(crate) use download::Downloads;
