//! Who gets in, and for how long.

mod challenge;
mod connection;
mod device_keys;
mod device_watch;
pub(crate) mod enrolment;
mod gateway;
mod identity;
mod logins;
mod mutual_tls;
mod refused_publishes;
mod revocation_race;
mod revocation_under_load;
mod sign_on;
mod tls;
mod websocket;
