//! Whole days as files.

pub(crate) mod day;
mod download;
mod downloads;

pub(crate) use downloads::Downloads;
