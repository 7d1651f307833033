//! The registry's behaviour through its public interface, a file per subject.

#![allow(clippy::unwrap_used)]

mod actors;
mod agencies;
mod api_keys;
mod audit;
mod authentication;
mod boundaries;
mod credentials;
mod devices;
mod enrolment;
mod events;
mod files;
mod folder;
mod gateways;
mod groups;
mod harness;
mod import;
mod lifecycle;
mod models;
mod people;
mod proofs;
mod readers;
mod reopen;
