//! A log and a session store in memory, which outlive the broker in front.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use domain::{Offset, Timestamp};
use mqtt::BrokerHandle;
use parking_lot::Mutex;
use tokio::sync::watch;
use transport::{
    Backlog, BacklogPage, LogMessage, LogPosition, Missed, SessionChange, SessionKey, SessionStore,
    SinkFault, StoredSession,
};

use crate::harness::Principal;

/// Messages of one page, few enough for tests to need several.
const PAGE: usize = 16;

#[derive(Default)]
pub(crate) struct TestLog {
    pub(crate) sessions: Arc<TestSessions>,
    messages: Mutex<Vec<LogMessage>>,
}

impl TestLog {
    /// Appends a message of a frame of its own, and hands it to the subscribers.
    pub(crate) fn publish(&self, broker: &BrokerHandle, topic: &str, payload: &str) {
        let message = self.append(topic, payload);
        broker.publish([message]);
    }

    /// Appends a message that no live subscriber is told.
    pub(crate) fn append(&self, topic: &str, payload: &str) -> LogMessage {
        let mut messages = self.messages.lock();
        let message = LogMessage {
            topic: topic.into(),
            payload: Bytes::copy_from_slice(payload.as_bytes()),
            position: LogPosition::at(Offset::new(messages.len() as u64)),
        };
        messages.push(message.clone());
        message
    }
}

impl Backlog<Principal> for TestLog {
    fn end(&self) -> LogPosition {
        LogPosition::at(Offset::new(self.messages.lock().len() as u64))
    }

    async fn read(
        &self,
        _: &Principal,
        wanted: &[Missed],
        from: LogPosition,
    ) -> Result<BacklogPage, SinkFault> {
        let messages = self.messages.lock();
        let first = messages.partition_point(|message| message.position < from);
        let page = &messages[first..(first + PAGE).min(messages.len())];
        Ok(BacklogPage {
            messages: page
                .iter()
                .filter(|message| {
                    wanted
                        .iter()
                        .any(|it| it.since <= message.position && it.filter.matches(&message.topic))
                })
                .cloned()
                .collect(),
            next: page.last().map_or(from, |last| last.position.next()),
            gone: 0,
            at_end: first + page.len() == messages.len(),
        })
    }
}

pub(crate) struct TestSessions {
    pub(crate) kept: Mutex<BTreeMap<SessionKey, StoredSession>>,
    open: watch::Sender<bool>,
}

impl Default for TestSessions {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            open: watch::Sender::new(true),
        }
    }
}

impl TestSessions {
    /// Nothing becomes durable until [`Self::release`].
    pub(crate) fn hold(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn release(&self) {
        self.open.send_replace(true);
    }

    /// What is kept of the one session of an owner.
    pub(crate) fn of(&self, owner: &str) -> Option<StoredSession> {
        let kept = self.kept.lock();
        kept.values().find(|it| *it.key.owner == *owner).cloned()
    }

    fn change(&self, change: SessionChange) {
        let kept = &mut *self.kept.lock();
        let mut at = |key: &SessionKey, change: &mut dyn FnMut(&mut StoredSession)| {
            change(
                kept.get_mut(key)
                    .expect("a change is to a session that is kept"),
            );
        };
        match change {
            SessionChange::Attached {
                key,
                expiry,
                position,
            } => {
                let session = kept.entry((*key).clone()).or_insert_with(|| StoredSession {
                    key: (*key).clone(),
                    expiry,
                    detached: None,
                    position,
                    subscriptions: Vec::new(),
                    received: Vec::new(),
                });
                (session.expiry, session.detached) = (expiry, None);
            }
            SessionChange::Detached {
                key,
                expiry,
                position,
            } => at(&key, &mut |session| {
                (session.expiry, session.position) = (expiry, position);
                session.detached = Some(now());
            }),
            SessionChange::Position { key, position } => {
                at(&key, &mut |session| session.position = position);
            }
            SessionChange::Subscribed { key, subscription } => at(&key, &mut |session| {
                session
                    .subscriptions
                    .retain(|it| it.filter != subscription.filter);
                session.subscriptions.push(subscription.clone());
            }),
            SessionChange::Unsubscribed { key, filter } => at(&key, &mut |session| {
                session.subscriptions.retain(|it| it.filter != filter);
            }),
            SessionChange::Received { key, packet_id } => {
                // One that comes again is told again.
                at(&key, &mut |session| {
                    session.received.retain(|it| *it != packet_id);
                    session.received.push(packet_id);
                });
            }
            SessionChange::Released { key, packet_id } => at(&key, &mut |session| {
                session.received.retain(|it| *it != packet_id);
            }),
            SessionChange::Ended { key } => {
                kept.remove(&*key);
            }
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(since.as_micros() as i64)
}

impl SessionStore for TestSessions {
    fn load(&self) -> Result<Vec<StoredSession>, SinkFault> {
        Ok(self.kept.lock().values().cloned().collect())
    }

    fn save(
        &self,
        changes: Vec<SessionChange>,
    ) -> impl Future<Output = Result<(), SinkFault>> + Send + 'static {
        for change in changes {
            self.change(change);
        }
        let mut open = self.open.subscribe();
        async move {
            // The store may be gone by then, and the test with it.
            let _ = open.wait_for(|open| *open).await;
            Ok(())
        }
    }
}
