//! The write path through the public interface, over a real registry and real
//! files: what a receipt means, what a restart keeps, what is refused.

#![allow(clippy::unwrap_used)]

mod clock;
mod harness;
mod identity;
mod model;
mod new_fields;
mod place;
mod recovery;
mod refusal;
