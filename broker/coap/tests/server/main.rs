//! The server over a real socket: what it answers, what hostile senders cannot
//! do, and a foreign client.

#![allow(clippy::unwrap_used)]

mod blocks;
mod durability;
mod flood;
mod harness;
mod hostile;
mod libcoap;
mod receipts;
mod repetitions;
mod requests;
mod waiting;
