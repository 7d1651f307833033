//! A broker with everything behind it in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use broker::{
    AccessControl, Admission, BoundListener, Broker, BrokerHandle, BrokerStats, Config,
    ConnectionEvent, Denial, EventKind, InboundMessage, Leaves, Listener, LogMessage, LogPosition,
    LoginAttempt, MessageSink, NotStaged, PublishRight, Realm, Receipt, Refusal, RefusalKind,
    RejectCause, ReloadableTls, RetainedEnd, RetainedSource, Services, SinkFault, SubscribeRight,
    TopicFilter,
};
use bytes::Bytes;
use domain::batch::Resent;
use domain::{Offset, Timestamp};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::client::Client;
use crate::gate::Gate;
use crate::log::TestLog;

/// Generous, since the machine may be busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct TestBroker {
    pub(crate) handle: BrokerHandle,
    pub(crate) access: Arc<TestAccess>,
    pub(crate) sink: Arc<TestSink>,
    pub(crate) retained: Arc<TestRetained>,
    pub(crate) log: Arc<TestLog>,
    pub(crate) mqtt: SocketAddr,
    pub(crate) unprotected: SocketAddr,
    pub(crate) mqtts: Option<SocketAddr>,
    pub(crate) ws: SocketAddr,
    pub(crate) wss: Option<SocketAddr>,
    shutdown: watch::Sender<bool>,
}

/// A message that stands before the whole log: live subscribers get it.
pub(crate) fn live(topic: &str, payload: impl Into<Bytes>) -> LogMessage {
    LogMessage {
        topic: topic.into(),
        payload: payload.into(),
        position: LogPosition::default(),
    }
}

impl TestBroker {
    pub(crate) fn publish(&self, topic: &str, payload: impl Into<Bytes>) {
        self.handle.publish([live(topic, payload)]);
    }

    pub(crate) fn start() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::with_tls(config, None)
    }

    pub(crate) fn with_tls(config: Config, tls: Option<ReloadableTls>) -> Self {
        Self::on(Arc::default(), config, tls)
    }

    /// A broker that starts with what an earlier one left.
    pub(crate) fn on(log: Arc<TestLog>, mut config: Config, tls: Option<ReloadableTls>) -> Self {
        config.workers = 2;
        let (access, sink, retained) =
            <(Arc<TestAccess>, Arc<TestSink>, Arc<TestRetained>)>::default();
        let mut listeners = Vec::new();
        let mut bind = |kind, tls| {
            let sockets = broker::bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
            let address = sockets.address();
            listeners.push(BoundListener { kind, sockets, tls });
            address
        };
        let mqtt = bind(Listener::Mqtt, None);
        let unprotected = bind(Listener::MqttUnprotected, None);
        let mqtts = tls.clone().map(|tls| bind(Listener::Mqtts, Some(tls)));
        let ws = bind(Listener::Ws, None);
        let wss = tls.map(|tls| bind(Listener::Wss, Some(tls)));
        let (shutdown, mut signal) = watch::channel(false);
        let stop = async move {
            let _ = signal.wait_for(|stop| *stop).await;
        };
        let services = Services {
            access: access.clone(),
            sink: sink.clone(),
            retained: retained.clone(),
            sessions: log.sessions.clone(),
            backlog: log.clone(),
        };
        let handle = Broker::start(config, &services, listeners, stop).unwrap();
        Self {
            handle,
            access,
            sink,
            retained,
            log,
            mqtt,
            unprotected,
            mqtts,
            ws,
            wss,
            shutdown,
        }
    }

    pub(crate) fn stop(&self) {
        self.shutdown.send_replace(true);
    }

    /// Sums of a counter over all listeners.
    pub(crate) fn total(&self, counter: impl Fn(&broker::ListenerStats) -> u64) -> u64 {
        self.handle.stats().listeners.iter().map(counter).sum()
    }

    pub(crate) fn until_stats(&self, what: &str, condition: impl Fn(&BrokerStats) -> bool) {
        until(what, || condition(&self.handle.stats()));
    }

    pub(crate) fn device(&self, id: &str) -> Client {
        Client::v5(self.mqtt, id)
    }
}

pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < end, "not within {DEADLINE:?}: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

// Who may do what: the password is "pass", or a pinned certificate; a device `d` publishes on its
// telemetry and subscribes below `devices/d`; everybody subscribes to `open`.

#[derive(Default)]
pub(crate) struct TestAccess {
    pub(crate) revoked: Mutex<HashSet<String>>,
    /// Filters that nobody may subscribe to (any more).
    pub(crate) closed_filters: Mutex<HashSet<String>>,
    /// Topics that nobody may publish on (any more).
    pub(crate) closed_topics: Mutex<HashSet<String>>,
    /// SubjectPublicKeyInfo of each device that needs no password.
    pub(crate) pinned: Mutex<HashMap<String, Vec<u8>>>,
    /// User names and the pages that they came from.
    pub(crate) origins: Mutex<Vec<(String, Option<String>)>>,
    pub(crate) events: Mutex<Vec<(EventKind, String, Vec<u8>)>>,
    pub(crate) rights_asked: AtomicU64,
    pub(crate) filters_asked: AtomicU64,
    /// How long a right to be connected lasts by itself.
    pub(crate) lasts: Mutex<Option<Duration>>,
    /// How long it takes to write an event down.
    pub(crate) record_slowly: Mutex<Option<Duration>>,
    /// The worker that each user's last attempt came to.
    pub(crate) workers: Mutex<HashMap<String, ThreadId>>,
    pub(crate) gate: Gate,
    generation: AtomicU64,
}

#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) name: Arc<str>,
    unprotected: bool,
}

impl TestAccess {
    pub(crate) fn revoke(&self, name: &str) {
        self.revoked.lock().insert(name.into());
        self.changed();
    }

    /// The worker that the user's last attempt came to.
    pub(crate) fn worker_of(&self, name: &str) -> ThreadId {
        self.workers.lock()[name]
    }

    pub(crate) fn changed(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn saw(&self, kind: EventKind) -> bool {
        self.events.lock().iter().any(|(seen, ..)| *seen == kind)
    }

    pub(crate) fn count(&self, kind: EventKind) -> usize {
        self.events
            .lock()
            .iter()
            .filter(|(seen, ..)| *seen == kind)
            .count()
    }

    fn seen(&self, name: &str) {
        let worker = thread::current().id();
        self.workers.lock().insert(name.into(), worker);
    }

    fn check(&self, name: &str) -> Result<(), Refusal> {
        match self.revoked.lock().contains(name) {
            true => Err(Refusal::new(RefusalKind::Revoked, "revoked by the test")),
            false => Ok(()),
        }
    }
}

impl AccessControl for TestAccess {
    type Principal = Principal;

    fn authenticate(&self, attempt: &LoginAttempt<'_>) -> Result<Admission<Principal>, Refusal> {
        if attempt.listener == Listener::MqttUnprotected {
            let name: Arc<str> = attempt.client_id.into();
            return Ok(Admission {
                principal: Principal {
                    name,
                    unprotected: true,
                },
                session_owner: String::new(),
                realm: Realm::Unprotected,
                agency: None,
                max_keep_alive: 60,
                max_session_expiry: u32::MAX,
                lasts: None,
            });
        }
        let name = attempt
            .user_name
            .ok_or_else(|| Refusal::new(RefusalKind::BadCredentials, "no user name"))?;
        self.seen(name);
        let origin = attempt.origin.map(Into::into);
        self.origins.lock().push((name.into(), origin));
        let pinned = self.pinned.lock().get(name).cloned();
        match attempt.password {
            None if pinned.is_some() && pinned.as_deref() == attempt.certificate => {}
            Some(b"pass") => {}
            Some(b"expired") => return Err(Refusal::new(RefusalKind::Expired, "expired")),
            _ => return Err(Refusal::new(RefusalKind::BadCredentials, "wrong password")),
        }
        if name.starts_with("unknown") {
            return Err(Refusal::new(RefusalKind::UnknownDevice, "not registered"));
        }
        self.check(name)?;
        Ok(Admission {
            principal: Principal {
                name: name.into(),
                unprotected: false,
            },
            session_owner: name.into(),
            realm: Realm::Platform,
            agency: Some("test".into()),
            max_keep_alive: 0,
            max_session_expiry: u32::MAX,
            lasts: *self.lasts.lock(),
        })
    }

    /// The one method is "reverse": the answer is the challenge turned round.
    fn challenge(&self, attempt: &LoginAttempt<'_>, method: &str) -> Result<Vec<u8>, Refusal> {
        match (method, attempt.user_name) {
            ("reverse", Some(name)) => {
                self.seen(name);
                Ok(b"challenge".to_vec())
            }
            _ => Err(Refusal::new(RefusalKind::UnknownMethod, "no such method")),
        }
    }

    fn answer(
        &self,
        attempt: &LoginAttempt<'_>,
        challenge: &[u8],
        answer: &[u8],
    ) -> Result<Admission<Principal>, Refusal> {
        // Behind the answer may stand the name of another who gives it.
        let (answer, other) = answer.split_at(answer.len().min(challenge.len()));
        if !challenge.iter().rev().eq(answer) {
            return Err(Refusal::new(RefusalKind::BadCredentials, "a wrong answer"));
        }
        let other = std::str::from_utf8(other).ok().filter(|it| !it.is_empty());
        self.authenticate(&LoginAttempt {
            user_name: other.or(attempt.user_name),
            password: Some(b"pass"),
            ..*attempt
        })
    }

    fn publish_right(&self, principal: &Principal, topic: &str) -> Result<PublishRight, Denial> {
        self.rights_asked.fetch_add(1, Ordering::Relaxed);
        if principal.unprotected {
            return Ok(PublishRight::Route);
        }
        let own = topic
            .strip_prefix("devices/")
            .and_then(|rest| rest.strip_suffix("/telemetry"))
            .is_some_and(|id| *id == *principal.name);
        let closed = self.closed_topics.lock().contains(topic);
        if own && !closed && self.check(&principal.name).is_ok() {
            return Ok(PublishRight::Telemetry);
        }
        let below = format!("devices/{}/", principal.name);
        Err(Denial {
            refusal: Refusal::new(RefusalKind::NotAuthorized, format!("not on {topic}")),
            leaves: match topic.starts_with(&below) && !own {
                true => Leaves::Reject(RejectCause::Topic),
                false => Leaves::Nothing,
            },
        })
    }

    fn subscribe_right(&self, principal: &Principal, filter: &str) -> SubscribeRight {
        self.filters_asked.fetch_add(1, Ordering::Relaxed);
        let open = filter.starts_with("open/");
        let own = filter
            .strip_prefix("devices/")
            .is_some_and(|rest| rest.split('/').next() == Some(&*principal.name));
        let closed = self.closed_filters.lock().contains(filter);
        match (open || own || principal.unprotected) && !closed {
            true => SubscribeRight::Granted,
            false => SubscribeRight::Denied,
        }
    }

    fn still_admitted(&self, principal: &Principal) -> Result<Option<Duration>, Refusal> {
        self.gate.pass();
        self.check(&principal.name)?;
        Ok(*self.lasts.lock())
    }

    fn owner_admitted(&self, session_owner: &str) -> Result<(), Refusal> {
        self.check(session_owner)
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn record(&self, event: ConnectionEvent<'_>) {
        if let Some(slowness) = *self.record_slowly.lock() {
            thread::sleep(slowness);
        }
        let entry = (event.kind, event.reason.into_owned(), event.head.to_vec());
        self.events.lock().push(entry);
    }
}

/// Keeps messages in memory; "durable" when the test says so.
pub(crate) struct TestSink {
    pub(crate) messages: Mutex<Vec<StoredMessage>>,
    /// Topics of messages whose refusal is kept, and why.
    pub(crate) rejects: Mutex<Vec<(String, RejectCause)>>,
    pub(crate) committed: AtomicU64,
    pub(crate) commits: AtomicU64,
    open: watch::Sender<bool>,
    /// Whether payloads that begin with `new` can be staged, or why never.
    prepared: watch::Sender<Result<bool, SinkFault>>,
    failing: AtomicBool,
    full: AtomicBool,
    /// How often it was asked whether it is full.
    pub(crate) asked_if_full: AtomicU64,
    next: AtomicU64,
    /// In microseconds.
    clock: AtomicI64,
}

#[derive(Clone, Debug)]
pub(crate) struct StoredMessage {
    pub(crate) principal: String,
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) content_type: Option<String>,
    pub(crate) resent: Resent,
    pub(crate) received: Timestamp,
}

impl Default for TestSink {
    fn default() -> Self {
        Self {
            messages: Mutex::default(),
            rejects: Mutex::default(),
            committed: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            open: watch::Sender::new(true),
            prepared: watch::Sender::new(Ok(false)),
            failing: AtomicBool::new(false),
            full: AtomicBool::new(false),
            asked_if_full: AtomicU64::new(0),
            next: AtomicU64::new(1),
            clock: AtomicI64::new(0),
        }
    }
}

impl TestSink {
    /// What the sink's clock says from now on.
    pub(crate) fn set_time(&self, time: Timestamp) {
        self.clock.store(time.as_micros(), Ordering::Relaxed);
    }

    /// Nothing becomes durable until [`Self::release`].
    pub(crate) fn hold(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn release(&self) {
        self.open.send_replace(true);
    }

    /// Whether there is no room for messages.
    pub(crate) fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Release);
    }

    /// From now on payloads that begin with `new` can be staged, or never.
    pub(crate) fn prepare(&self, result: Result<(), SinkFault>) {
        drop(self.prepared.send_replace(result.map(|()| true)));
    }

    /// Messages of payloads that begin with `new` that wait.
    pub(crate) fn postponed(&self) -> usize {
        self.prepared.receiver_count()
    }

    /// From now on no commit succeeds.
    pub(crate) fn fail(&self) {
        self.failing.store(true, Ordering::Release);
    }

    pub(crate) fn payloads(&self) -> Vec<String> {
        let messages = self.messages.lock();
        let text = |it: &StoredMessage| String::from_utf8_lossy(&it.payload).into_owned();
        messages.iter().map(text).collect()
    }

    pub(crate) fn until_staged(&self, count: usize) {
        until("messages are staged", || {
            self.messages.lock().len() >= count
        });
    }
}

pub(crate) struct TestReceipt {
    offset: Offset,
    readable: bool,
}

impl Receipt for TestReceipt {
    fn offset(&self) -> Offset {
        self.offset
    }
    fn readable(&self) -> bool {
        self.readable
    }
}

impl TestSink {
    fn keep(&self, principal: &Principal, message: &InboundMessage<'_>) -> TestReceipt {
        self.messages.lock().push(StoredMessage {
            principal: principal.name.to_string(),
            topic: message.topic.into(),
            payload: message.payload.into(),
            content_type: message.content_type.map(Into::into),
            resent: message.resent,
            received: message.received.unwrap_or_else(|| self.now()),
        });
        TestReceipt {
            offset: Offset::new(self.next.fetch_add(1, Ordering::Relaxed)),
            readable: message.payload != b"unreadable",
        }
    }
}

impl MessageSink<Principal> for TestSink {
    type Staged = TestReceipt;
    type Receipt = TestReceipt;

    fn stage(
        &self,
        principal: &Principal,
        message: &InboundMessage<'_>,
    ) -> Result<TestReceipt, NotStaged> {
        if message.payload.starts_with(b"new") && !matches!(*self.prepared.borrow(), Ok(true)) {
            let mut prepared = self.prepared.subscribe();
            return Err(NotStaged::Later(Box::pin(async move {
                let settled = prepared.wait_for(|it| !matches!(it, Ok(false))).await;
                settled.unwrap().clone().map(drop)
            })));
        }
        Ok(self.keep(principal, message))
    }

    fn stage_reject(
        &self,
        principal: &Principal,
        message: &InboundMessage<'_>,
        cause: RejectCause,
    ) -> Result<TestReceipt, SinkFault> {
        self.rejects.lock().push((message.topic.into(), cause));
        Ok(self.keep(principal, message))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.load(Ordering::Relaxed))
    }

    fn is_full(&self) -> bool {
        self.asked_if_full.fetch_add(1, Ordering::Relaxed);
        self.full.load(Ordering::Acquire)
    }

    async fn commit(&self, staged: Vec<TestReceipt>) -> Result<Vec<TestReceipt>, SinkFault> {
        let mut open = self.open.subscribe();
        open.wait_for(|open| *open).await.unwrap();
        if self.failing.load(Ordering::Acquire) {
            return Err(SinkFault::failed("the disk is gone"));
        }
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.committed
            .fetch_add(staged.len() as u64, Ordering::Relaxed);
        Ok(staged)
    }
}

#[derive(Default)]
pub(crate) struct TestRetained {
    pub(crate) messages: Mutex<BTreeMap<String, Bytes>>,
    /// Looks that began.
    pub(crate) looks: AtomicU64,
    /// Entries that were looked at.
    pub(crate) steps: AtomicU64,
    /// After its messages come as many entries without one as anybody looks at.
    pub(crate) endless: AtomicBool,
}

impl RetainedSource<Principal> for TestRetained {
    /// The last topic that was looked at.
    type Place = String;

    fn retained(
        &self,
        _: &Principal,
        filter: &TopicFilter,
        place: &mut String,
        steps: &mut usize,
        visit: &mut dyn FnMut(&str, Bytes) -> ControlFlow<()>,
    ) -> RetainedEnd {
        if place.is_empty() {
            self.looks.fetch_add(1, Ordering::Relaxed);
        }
        let messages = self.messages.lock();
        let after = (Bound::Excluded(place.clone()), Bound::Unbounded);
        for (topic, payload) in messages.range(after) {
            if *steps == 0 {
                return RetainedEnd::Paused;
            }
            *steps -= 1;
            self.steps.fetch_add(1, Ordering::Relaxed);
            place.clone_from(topic);
            if filter.matches(topic) && visit(topic, payload.clone()).is_break() {
                return RetainedEnd::Paused;
            }
        }
        if self.endless.load(Ordering::Relaxed) {
            self.steps.fetch_add(*steps as u64, Ordering::Relaxed);
            *steps = 0;
            return RetainedEnd::Paused;
        }
        RetainedEnd::Done
    }
}
