//! Transports and sessions: MQTT 3.1.1 and 5 over TCP and TLS, and CoAP.
//!
//! The broker knows its own traits and the words of `domain`, and nothing of
//! the registry, the log or the store. Whoever composes it says who may do
//! what ([`AccessControl`]), where messages become durable ([`MessageSink`]),
//! what is retained ([`RetainedSource`]), where sessions are kept
//! ([`SessionStore`]) and what they have missed ([`Backlog`]).
//!
//! An acknowledgement to a device needs a [`Receipt`], which only the sink can
//! make: one that is sent too early does not compile.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod access;
pub mod broker;
pub mod coap;
pub mod config;
pub mod listener;
pub mod mqtt;
mod rate;
pub mod session_store;
pub mod sink;
pub mod stats;

pub use access::{
    AccessControl, Admission, ConnectionEvent, Denial, EventKind, Leaves, Listener, LoginAttempt,
    Protocol, PublishRight, Realm, Refusal, RefusalKind, RejectCause, SubscribeRight,
};
pub use broker::{Broker, BrokerHandle, Services, StartError};
pub use config::{Config, ConfigError};
pub use listener::{BoundListener, BoundSockets, ReloadableTls, bind};
pub use mqtt::topic::{TopicFilter, TopicFilterError};
pub use session_store::{
    Backlog, BacklogPage, LogMessage, LogPosition, Missed, SessionChange, SessionKey, SessionStore,
    StoredSession, StoredSubscription,
};
pub use sink::{
    InboundMessage, MessageSink, NotStaged, Preparation, Receipt, RetainedEnd, RetainedSource,
    SignedHeader, SinkFault, with_causes,
};
pub use stats::{AgencyStats, BrokerStats, ConnectionInfo, ListenerStats, WorkStats};
