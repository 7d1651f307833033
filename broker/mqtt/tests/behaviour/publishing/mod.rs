//! Messages from a client, and what it is answered.

mod acknowledgement;
mod exactly_once;
mod postponed;
mod refused;
