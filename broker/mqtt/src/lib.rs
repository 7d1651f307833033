//! MQTT 3.1.1 and 5, over TCP, TLS and WebSocket: sessions, connections and
//! the fan-out to subscribers. Whoever composes it gives it a [`ServiceSet`].
//!
//! Two realms share workers and code, and each has its own tree of
//! subscriptions. The platform's: authenticated devices and applications; all
//! that they are delivered comes from the log. The unprotected one, of the
//! conformance listener: clients' messages are routed among themselves and
//! retained in memory.
//!
//! A `session::Session` belongs to an owner (a device, an API key) and a
//! client id. Its endpoint, with the queue that other threads fill, belongs to
//! the session; a connection attaches itself to it and leaves it. The directory
//! has one entry for each session, connected or waiting for its owner, and
//! hands a session from one connection to the newest that came for it.
//!
//! What a kept session has missed, step by step:
//!
//! 1. Its connection ends: its subscriptions leave the tree, what was queued is
//!    left to the log (a group's goes to other members), and its position goes
//!    to the [`SessionStore`]: after all that was delivered; on disk, at the
//!    oldest message without an acknowledgement.
//! 2. At a start all kept sessions are loaded into the directory; those whose
//!    owner is no longer admitted are purged.
//! 3. Its owner connects: rights are asked again, what was in flight is sent
//!    again (it is in memory: after a restart the log brings it), the
//!    subscriptions return to the tree, and the endpoint catches up: what is
//!    published meanwhile is only noted.
//! 4. The connection asks the [`Backlog`] for a page of the log from the
//!    position on, and for the next one when that is delivered.
//! 5. Where the log ends and nothing was published after it, the endpoint is
//!    live again, without a gap or a double.
//!
//! A subscriber of QoS 1 whose queue is full goes steps 4 and 5 too, and so do
//! all live ones where the fan-out could not read a part of the log
//! ([`BrokerHandle::pass_over`]). What the log no longer has is told.
//!
//! [`SessionStore`]: transport::SessionStore
//! [`Backlog`]: transport::Backlog
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod broker;
pub mod codec;
mod connection;
mod context;
mod directory;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod limits;
mod listener;
mod message;
mod router;
mod session;
mod stats;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
mod worker;

pub use broker::{Broker, BrokerHandle, StartError};
pub use context::{ServiceSet, Services};
pub use limits::{Config, ConfigError};
pub use listener::{BindError, BoundListener, BoundSockets, ReloadableTls, TlsError, bind};
pub use stats::{AgencyStats, BrokerStats, ConnectionInfo, ListenerStats, WorkStats};
