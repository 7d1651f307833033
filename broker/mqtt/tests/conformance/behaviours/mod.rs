//! The behaviours by theme, with their faults.

pub(crate) mod aliases;
pub(crate) mod connect;
pub(crate) mod expiry;
pub(crate) mod flow;
pub(crate) mod options;
pub(crate) mod publish;
pub(crate) mod retained;
pub(crate) mod session;
pub(crate) mod subscribe;
pub(crate) mod will;
