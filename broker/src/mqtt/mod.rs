//! MQTT 3.1.1 and 5.

pub mod codec;
pub(crate) mod connection;
pub(crate) mod directory;
pub mod message;
pub(crate) mod router;
pub mod session;
pub mod topic;
