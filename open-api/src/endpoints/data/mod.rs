//! What was observed: datastreams, their things and their observations.

pub(crate) mod aggregate;
mod bucket;
pub(crate) mod datastreams;
pub(crate) mod health;
pub(crate) mod latest;
pub(crate) mod locations;
pub(crate) mod measuring;
pub(crate) mod observations;
pub(crate) mod range;
pub(crate) mod search;
pub(crate) mod things;
