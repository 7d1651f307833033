//! What one client does, and what the others notice of it.

mod bystanders;
mod packets;
mod storm;
