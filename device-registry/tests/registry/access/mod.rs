//! How devices, programs and people prove who they are.

mod api_keys;
mod authentication;
mod credentials;
mod people;
mod proofs;
