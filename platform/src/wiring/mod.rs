//! Between the broker and the data plane: the only place that knows both.
//!
//! - [`principal`]: who is on a connection
//! - [`access`]: who may connect, publish and subscribe
//! - `login`: how they prove who they are
//! - [`login_book`]: how logins went
//! - [`uplink`]: a published message on its way to the log
//! - [`downlink`]: applied observations on their way to subscribers
//! - `messages`: what a frame is to subscribers
//! - [`backlog`]: the same of the past, for sessions that have missed some
//! - [`session_times`]: the clock of the sessions that are kept
//! - [`retained`]: the latest values as retained messages
//! - [`topic`]: the platform's topics
//! - [`topic_fault`]: why a topic may not be published on

pub(crate) mod access;
pub(crate) mod backlog;
pub(crate) mod downlink;
mod login;
pub(crate) mod login_book;
mod messages;
pub(crate) mod principal;
pub(crate) mod retained;
pub(crate) mod session_times;
pub(crate) mod topic;
pub(crate) mod topic_fault;
pub(crate) mod uplink;
