//! The login: rights, proofs, certificates, and who has a session.

mod access;
mod authentication;
mod connect;
mod foreign;
mod mtls;
mod pending_logins;
mod rights;
mod takeover;
pub(crate) mod tls;
