//! What listens: the addresses, the sockets, and the start of each listener.

pub(crate) mod addresses;
pub(crate) mod api;
pub(crate) mod coap;
pub(crate) mod mqtt;
pub(crate) mod sockets;
