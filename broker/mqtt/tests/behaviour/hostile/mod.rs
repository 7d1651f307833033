//! What one client does, and what the others notice of it.

mod bystanders;
mod connections;
mod lengths;
mod packets;
mod properties;
mod raw;
mod storm;
mod topics;
