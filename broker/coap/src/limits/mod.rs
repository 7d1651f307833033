//! How much of everything a source, an endpoint and a device may have.

mod buckets;
mod failed_checks;
mod shares;
#[cfg(test)]
mod tests;

pub(crate) use buckets::{Buckets, source};
pub(crate) use failed_checks::FailedChecks;
pub(crate) use shares::Shares;
