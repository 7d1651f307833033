//! The login: rights, proofs, certificates, and who has a session.

mod access;
mod authentication;
mod connect;
mod foreign;
mod mtls;
mod rights;
mod strangers;
mod takeover;
pub(crate) mod tls;
