//! The server over a real socket: what it answers, what hostile senders cannot
//! do, and a foreign client.

#![allow(clippy::unwrap_used)]

mod flood;
mod harness;
mod hostile;
mod libcoap;
mod requests;
mod waiting;
