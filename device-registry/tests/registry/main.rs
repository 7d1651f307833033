//! The registry's behaviour through its public interface. A file for each
//! behaviour, in folders by subject.

#![allow(clippy::unwrap_used)]

mod access;
mod agencies;
mod audit;
mod boundaries;
mod devices;
mod events;
mod features;
mod harness;
mod models;
mod shares;
mod storage;
