//! A client of an OpenID provider: the authorization code flow with PKCE, what is
//! checked of ID tokens and logout tokens, and the provider's keys.
//!
//! It knows no resource of the API and no clock: times are seconds since 1970,
//! which the caller gives. Its calls wait on the network: whoever makes them does
//! it where that stops nobody else. `docs/decisions/0017` says why the tokens are
//! read here, and by which crates.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod claims;
mod config;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod keys;
mod logout;
mod metadata;
mod pending;
mod provider;
mod token;

pub use config::{ClientConfig, ConfigError};
pub use error::OpenIdError;
pub use logout::LoggedOut;
pub use pending::{Attempt, Pending};
pub use provider::{Identity, Provider};
