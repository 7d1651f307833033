//! What agencies, models and boundaries there are.

pub(crate) mod agencies;
pub(crate) mod boundaries;
pub(crate) mod models;
