//! What MQTT 3.1.1 and 5 owe a client, over real sockets, and the proof that
//! each check can fail.
//!
//! The behaviours are those that the Eclipse Paho interoperability suite looks
//! at, derived from the OASIS standards, and a few that belong to them. Every
//! behaviour runs against the broker's unprotected realm, and once more for
//! each of its deliberate faults, through a proxy that commits the fault: there
//! it has to be noticed ([`proof`]).
//!
//! - [`v311`], [`v5`]: the tables of contents, a test for each behaviour
//! - [`behaviours`]: by theme, with their faults
//! - [`client`], [`login`], [`packet`]: a client that hides nothing
//! - [`proxy`], [`fault`]: what goes wrong on the way, on purpose
//! - [`server`]: the broker under test

#![allow(clippy::unwrap_used)]

mod behaviours;
mod client;
mod fault;
mod login;
mod packet;
mod proof;
mod proxy;
mod server;
mod v311;
mod v5;

/// A behaviour as it was seen: what was wrong, in a sentence.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// Fails a behaviour with a sentence.
macro_rules! ensure {
    ($condition:expr, $($sentence:tt)+) => {
        if !$condition {
            return Err(format!($($sentence)+));
        }
    };
}
pub(crate) use ensure;
