//! Questions about places.

mod boundaries;
mod locations;
mod nearby;
