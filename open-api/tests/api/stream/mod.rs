//! Live observations.

mod events;
mod socket;
