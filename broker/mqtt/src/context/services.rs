//! What the platform gives the broker.

use std::sync::Arc;

use transport::{AccessControl, Backlog, MessageSink, RetainedSource, SessionStore};

/// One parameter for five, so that no signature repeats the traits and how they
/// belong together.
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

/// The five, as whoever composes the broker puts them together.
#[derive(Default)]
pub struct ServiceSet<A, M, R, S, B> {
    pub access: Arc<A>,
    pub sink: Arc<M>,
    pub retained: Arc<R>,
    pub sessions: Arc<S>,
    pub backlog: Arc<B>,
}

impl<A, M, R, S, B> Services for ServiceSet<A, M, R, S, B>
where
    A: AccessControl,
    M: MessageSink<A::Principal>,
    R: RetainedSource<A::Principal>,
    S: SessionStore,
    B: Backlog<A::Principal>,
{
    type Principal = A::Principal;
    type Access = A;
    type Sink = M;
    type Retained = R;
    type Sessions = S;
    type Backlog = B;

    fn access(&self) -> &A {
        &self.access
    }

    fn sink(&self) -> &M {
        &self.sink
    }

    fn retained(&self) -> &R {
        &self.retained
    }

    fn sessions(&self) -> &S {
        &self.sessions
    }

    fn backlog(&self) -> &B {
        &self.backlog
    }
}

/// A message that the sink has staged.
pub(crate) type Staged<S> =
    <<S as Services>::Sink as MessageSink<<S as Services>::Principal>>::Staged;
