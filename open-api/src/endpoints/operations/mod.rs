//! The platform itself.

pub(crate) mod backup;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod platform;
