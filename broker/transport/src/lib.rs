//! What a transport and the platform say to each other.
//!
//! MQTT and CoAP know these traits and the words of `domain`, and nothing of
//! the registry, the log or the store. Whoever composes them says who may do
//! what ([`AccessControl`]), where messages become durable ([`MessageSink`]),
//! what is retained ([`RetainedSource`]), where sessions are kept
//! ([`SessionStore`]) and what they have missed ([`Backlog`]).
//!
//! An acknowledgement to a device needs a [`Receipt`], which only the sink can
//! make: one that is sent too early does not compile.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod session_store;
mod sink;
mod topic;

pub use access::{
    AccessControl, Admission, ConnectionEvent, Denial, EVENT_HEAD_BYTES, EventKind, Leaves,
    Listener, LoginAttempt, Protocol, PublishRight, Realm, Refusal, RefusalKind, RejectCause,
    SubscribeRight,
};
pub use session_store::{
    Backlog, BacklogPage, LogMessage, LogPosition, Missed, SessionChange, SessionKey, SessionStore,
    StoredSession, StoredSubscription,
};
pub use sink::{
    Answer, AskOutcome, InboundMessage, MessageSink, NotStaged, Preparation, Receipt, RetainedEnd,
    RetainedSource, SignedHeader, SinkFault, with_causes,
};
pub use topic::{TopicFilter, TopicFilterError, TopicLimits, is_publishable};
