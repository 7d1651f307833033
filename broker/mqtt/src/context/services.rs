//! What the platform gives the broker.

use transport::{AccessControl, Backlog, MessageSink, RetainedSource, SessionStore};

/// Implemented once by whoever composes the broker, so that no signature
/// repeats five traits and how they belong together.
pub trait Services: Send + Sync + 'static {
    type Principal: Clone + Send + Sync + 'static;
    type Access: AccessControl<Principal = Self::Principal>;
    type Sink: MessageSink<Self::Principal>;
    type Retained: RetainedSource<Self::Principal>;
    type Sessions: SessionStore;
    type Backlog: Backlog<Self::Principal>;

    fn access(&self) -> &Self::Access;
    fn sink(&self) -> &Self::Sink;
    fn retained(&self) -> &Self::Retained;
    fn sessions(&self) -> &Self::Sessions;
    fn backlog(&self) -> &Self::Backlog;
}

/// A message that the sink has staged.
pub(crate) type Staged<S> =
    <<S as Services>::Sink as MessageSink<<S as Services>::Principal>>::Staged;
