//! The session against a model: histories of packets and events, lived through
//! by the session, by a model of what a server owes ([`model`]) and by a client
//! that checks what it is given ([`client`]).
//!
//! A history is bytes, so that a property test and a fuzz target share all of
//! it. What holds at every step: no identifier is used twice; a message of
//! QoS 2 is taken once and given once, however often connections end;
//! acknowledgements leave in the order of the messages; no window is exceeded;
//! answers wait for the store where there is one; what is written can be read.

mod client;
mod connections;
mod deliver;
mod driver;
#[cfg(feature = "fuzzing")]
mod history;
mod model;
#[cfg(feature = "fuzzing")]
mod packets;
#[cfg(test)]
mod property;
mod receive;
mod step;
mod subscribe;

#[cfg(feature = "fuzzing")]
pub(crate) use history::live_through;
#[cfg(feature = "fuzzing")]
pub(crate) use packets::any_packets;
