//! Devices that come into service without an operator beside them.

pub(crate) mod batches;
mod bodies;
pub(crate) mod claims;
pub(crate) mod enrolments;
pub(crate) mod installer;
mod qr;
