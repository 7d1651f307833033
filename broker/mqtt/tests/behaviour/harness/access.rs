//! Who may do what: the password is "pass", or a pinned certificate; a device
//! `d` publishes on its telemetry and subscribes below `devices/d`; everybody
//! subscribes to `open`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use parking_lot::Mutex;
use transport::{
    AccessControl, Admission, ConnectionEvent, Denial, EventKind, Leaves, Listener, LoginAttempt,
    PublishRight, Realm, Refusal, RefusalKind, RejectCause, SubscribeRight,
};

use super::gate::Gate;

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
        if self.revoked.lock().contains(name) {
            Err(Refusal::new(RefusalKind::Revoked, "revoked by the test"))
        } else {
            Ok(())
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
        // After the answer may stand the name of another who gives it.
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
            leaves: if topic.starts_with(&below) && !own {
                Leaves::Reject(RejectCause::Topic)
            } else {
                Leaves::Nothing
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
        if (open || own || principal.unprotected) && !closed {
            SubscribeRight::Granted
        } else {
            SubscribeRight::Denied
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
