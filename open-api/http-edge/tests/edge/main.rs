//! The edge over a real socket, with a router that has a short answer, a long
//! one and a body: whatever an API is, these hold.

#![allow(clippy::unwrap_used)]

mod certificate;
mod harness;
mod hostile;
mod peer;
mod requests;
