//! Observations: which there are, the latest, ranges, aggregates, days, and live.

pub(super) mod aggregate;
pub(super) mod datastreams;
pub(super) mod export;
pub(super) mod latest;
pub(super) mod observations;
pub(super) mod stream;
