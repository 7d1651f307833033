//! The broker under test: one listener without authentication, and no
//! platform. What the platform's realm would need is never asked for here.

use std::future::ready;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{Offset, Timestamp};
use mqtt::{BoundListener, Broker, BrokerHandle, Config, ServiceSet};
use tokio::sync::watch;
use transport::{
    AccessControl, Admission, Backlog, BacklogPage, ConnectionEvent, Denial, InboundMessage,
    Listener, LogPosition, LoginAttempt, MessageSink, Missed, NotStaged, Protocol, PublishRight,
    Realm, Receipt, Refusal, RefusalKind, RejectCause, RetainedEnd, RetainedSource, SessionChange,
    SessionStore, SinkFault, StoredSession, SubscribeRight, TopicFilter,
};

/// A filter that nobody may subscribe to.
pub(crate) const CLOSED_FILTER: &str = "test/nosubscribe";

/// Seconds; a client that asks for more is told this.
pub(crate) const MAX_KEEP_ALIVE: u16 = 60;

/// Where a behaviour finds the server, and how it speaks to it.
#[derive(Clone, Copy)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) protocol: Protocol,
    /// How long something that has to come is waited for.
    pub(crate) patience: Duration,
    /// What does not come within this after all else was answered does not come.
    pub(crate) quiet: Duration,
}

/// A running broker, which ends with this.
pub(crate) struct TestBroker {
    pub(crate) address: SocketAddr,
    _handle: BrokerHandle,
    _shutdown: watch::Sender<bool>,
}

impl TestBroker {
    pub(crate) fn start() -> Self {
        let config = Config {
            workers: 2,
            ..Config::default()
        };
        let sockets = mqtt::bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let address = sockets.address();
        let listener = BoundListener {
            kind: Listener::MqttUnprotected,
            sockets,
            tls: None,
        };
        let (shutdown, mut signal) = watch::channel(false);
        let stop = async move {
            // An error is the end of the test that holds the sender.
            let _ = signal.wait_for(|stop| *stop).await;
        };
        let handle = Broker::start(config, &Arc::new(services()), vec![listener], stop).unwrap();
        Self {
            address,
            _handle: handle,
            _shutdown: shutdown,
        }
    }
}

/// Everybody may come, and nothing is kept.
fn services() -> ServiceSet<Everybody, Nothing, Nothing, Nothing, Nothing> {
    ServiceSet::default()
}

/// Everybody may do everything, but for one filter.
#[derive(Default)]
struct Everybody;

impl AccessControl for Everybody {
    type Principal = ();

    fn authenticate(&self, _: &LoginAttempt<'_>) -> Result<Admission<()>, Refusal> {
        Ok(Admission {
            principal: (),
            session_owner: String::new(),
            realm: Realm::Unprotected,
            agency: None,
            max_keep_alive: MAX_KEEP_ALIVE,
            max_session_expiry: u32::MAX,
            lasts: None,
        })
    }

    fn challenge(&self, _: &LoginAttempt<'_>, _: &str) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::new(RefusalKind::UnknownMethod, "no method"))
    }

    fn answer(&self, _: &LoginAttempt<'_>, _: &[u8], _: &[u8]) -> Result<Admission<()>, Refusal> {
        Err(Refusal::new(RefusalKind::UnknownMethod, "no method"))
    }

    fn publish_right(&self, (): &(), _: &str) -> Result<PublishRight, Denial> {
        Ok(PublishRight::Route)
    }

    fn subscribe_right(&self, (): &(), filter: &str) -> SubscribeRight {
        if filter == CLOSED_FILTER {
            SubscribeRight::Denied
        } else {
            SubscribeRight::Granted
        }
    }

    fn still_admitted(&self, (): &()) -> Result<Option<Duration>, Refusal> {
        Ok(None)
    }

    fn owner_admitted(&self, _: &str) -> Result<(), Refusal> {
        Ok(())
    }

    fn generation(&self) -> u64 {
        0
    }

    fn record(&self, _: ConnectionEvent<'_>) {}
}

/// The platform's realm, which nobody here enters.
#[derive(Default)]
struct Nothing;

enum Never {}

impl Receipt for Never {
    fn offset(&self) -> Offset {
        match *self {}
    }

    fn readable(&self) -> bool {
        match *self {}
    }
}

impl MessageSink<()> for Nothing {
    type Staged = Never;
    type Receipt = Never;

    fn stage(&self, (): &(), _: &InboundMessage<'_>) -> Result<Never, NotStaged> {
        Err(SinkFault::failed("the unprotected realm stores nothing").into())
    }

    fn stage_reject(
        &self,
        (): &(),
        _: &InboundMessage<'_>,
        _: RejectCause,
    ) -> Result<Never, SinkFault> {
        Err(SinkFault::failed("the unprotected realm stores nothing"))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn commit(
        &self,
        staged: Vec<Never>,
    ) -> impl Future<Output = Result<Vec<Never>, SinkFault>> + Send {
        ready(Ok(staged))
    }
}

impl RetainedSource<()> for Nothing {
    type Place = ();

    fn retained(
        &self,
        (): &(),
        _: &TopicFilter,
        (): &mut (),
        _: &mut usize,
        _: &mut dyn FnMut(&str, Bytes) -> ControlFlow<()>,
    ) -> RetainedEnd {
        RetainedEnd::Done
    }
}

impl SessionStore for Nothing {
    fn load(&self) -> Result<Vec<StoredSession>, SinkFault> {
        Ok(Vec::new())
    }

    fn save(
        &self,
        changes: Vec<SessionChange>,
    ) -> impl Future<Output = Result<(), SinkFault>> + Send + 'static {
        assert!(changes.is_empty(), "the unprotected realm stores nothing");
        ready(Ok(()))
    }
}

impl Backlog<()> for Nothing {
    fn end(&self) -> LogPosition {
        LogPosition::default()
    }

    async fn read(&self, (): &(), _: &[Missed], _: LogPosition) -> Result<BacklogPage, SinkFault> {
        Err(SinkFault::failed("the unprotected realm has no log"))
    }
}
