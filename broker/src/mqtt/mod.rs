//! MQTT 3.1.1 and 5.
//!
//! Two realms share workers and code, and each has its own tree of
//! subscriptions. The platform's: authenticated devices and applications; all
//! that they are delivered comes from the log. The unprotected one, of the
//! conformance listener: clients' messages are routed among themselves and
//! retained in memory.
//!
//! A [`session::Session`] belongs to an owner (a device, an API key) and a
//! client id. Its endpoint, with the queue that other threads fill, belongs to
//! the session; a connection takes a seat in it and leaves it. The directory
//! has one entry for each session, connected or waiting for its owner, and
//! hands a session from one connection to the newest that came for it.
//!
//! What a kept session has missed, step by step:
//!
//! 1. Its connection ends: its subscriptions leave the tree, what was queued is
//!    left to the log (a group's goes to other members), and its position goes
//!    to the [`SessionStore`]: behind all that was delivered; on disk, at the
//!    oldest message without an acknowledgement.
//! 2. At a start all kept sessions are loaded into the directory; those whose
//!    owner is no longer admitted are purged.
//! 3. Its owner connects: rights are asked again, what was in flight is sent
//!    again (it is in memory: after a restart the log brings it), the
//!    subscriptions return to the tree, and the endpoint is behind: what is
//!    published meanwhile is only noted.
//! 4. The connection asks the [`Backlog`] for a page of the log from the
//!    position on, and for the next one when that is delivered.
//! 5. Where the log ends and nothing was published behind it, the endpoint is
//!    live again, without a gap or a double.
//!
//! A subscriber of QoS 1 whose queue is full goes steps 4 and 5 too, and so do
//! all live ones where the fan-out could not read a part of the log
//! ([`BrokerHandle::pass_over`]). What the log no longer has is told.
//!
//! [`SessionStore`]: crate::SessionStore
//! [`Backlog`]: crate::Backlog
//! [`BrokerHandle::pass_over`]: crate::BrokerHandle::pass_over

pub(crate) mod account;
pub mod codec;
pub(crate) mod connection;
pub(crate) mod directory;
pub mod message;
pub(crate) mod router;
pub mod session;
pub mod topic;
