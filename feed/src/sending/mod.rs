//! A batch on its way to the store: requests, what their answers mean, and when
//! to try again.

pub(crate) mod backoff;
pub(crate) mod client;
pub(crate) mod delivery;
mod memory;
mod recent;
pub(crate) mod retry_after;
pub(crate) mod throttle;
pub(crate) mod trial;
