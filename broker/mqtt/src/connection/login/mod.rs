//! From CONNECT to a served session, and proofs on a standing connection.

mod authenticate;
mod greet;
mod join;

pub(super) use greet::Greeting;
pub(super) use join::instant_after;
