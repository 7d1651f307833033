//! Who may connect, publish and subscribe: read from the registry's snapshot.

use std::sync::Arc;
use std::time::Duration;

use coap::{SignatureAttempt, SignatureCheck, SignatureKind};
use device_registry::{
    ApiKey, AuthError, DeviceLogin, DeviceProof, EventKind, NewEvent, NoLongerAdmitted, Registry,
    SignatureAlgorithm,
};
use domain::{Assurance, DeviceTopic, Timestamp, TopicClass};
use ingest::Clock;
use open_api::Enrolments;
use transport::{
    AccessControl, Admission, ConnectionEvent, Denial, Listener, LoginAttempt, PublishRight,
    Refusal, RefusalKind, SubscribeRight,
};

use super::downlink::Downlink;
use super::login::batch;
use super::login_book::LoginBook;
use super::principal::{KEY_OWNER, Principal, UNPROTECTED_OWNER};
use super::topic;
use super::topic_fault::TopicFault;
use crate::components::Components;

/// Conformance suites ask for a topic that nobody may subscribe to.
const UNPROTECTED_CLOSED: &str = "test/nosubscribe";

pub(crate) struct Access {
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    /// `aud` of the devices' tokens.
    pub(crate) audience: String,
    pub(crate) downlink: Arc<Downlink>,
    pub(crate) logins: Arc<LoginBook>,
    pub(crate) enrolments: Arc<Enrolments>,
}

impl AccessControl for Access {
    type Principal = Principal;

    fn authenticate(&self, attempt: &LoginAttempt<'_>) -> Result<Admission<Principal>, Refusal> {
        self.logins.outcome(attempt.listener, self.log_in(attempt))
    }

    fn challenge(&self, attempt: &LoginAttempt<'_>, method: &str) -> Result<Vec<u8>, Refusal> {
        self.logins
            .refusal(attempt.listener, Self::challenge_for(attempt, method))
    }

    fn answer(
        &self,
        attempt: &LoginAttempt<'_>,
        challenge: &[u8],
        answer: &[u8],
    ) -> Result<Admission<Principal>, Refusal> {
        let outcome = self.admit_by_challenge(attempt, challenge, answer);
        self.logins.outcome(attempt.listener, outcome)
    }

    fn publish_right(&self, principal: &Principal, name: &str) -> Result<PublishRight, Denial> {
        match principal {
            Principal::Device(login) => {
                let (snapshot, now) = (self.registry.snapshot(), self.clock.now());
                match TopicFault::of_device(name, login.id(), &snapshot, now) {
                    None => Ok(PublishRight::Telemetry),
                    Some(fault) => Err(fault.into()),
                }
            }
            Principal::Application(_) => Err(TopicFault::Reader.into()),
            Principal::Batch(_) if topic::enrolling(name).is_some() => Ok(PublishRight::Ask),
            Principal::Batch(_) => Err(TopicFault::Enrolment(name.into()).into()),
            Principal::Anybody if topic::is_platforms_own(name) => {
                Err(TopicFault::Protected(name.into()).into())
            }
            Principal::Anybody => Ok(PublishRight::Route),
        }
    }

    fn subscribe_right(&self, principal: &Principal, filter: &str) -> SubscribeRight {
        let granted = match principal {
            Principal::Device(login) => self.is_rejects_for(filter, login),
            Principal::Application(_) => topic::is_open(filter),
            Principal::Batch(_) => topic::is_enrolled(filter),
            Principal::Anybody => filter != UNPROTECTED_CLOSED && !topic::is_platforms_own(filter),
        };
        if !granted {
            return SubscribeRight::Denied;
        }
        if !matches!(principal, Principal::Anybody | Principal::Batch(_)) {
            self.downlink.wanted();
        }
        SubscribeRight::Granted
    }

    fn still_admitted(&self, principal: &Principal) -> Result<Option<Duration>, Refusal> {
        let now = self.clock.now();
        match principal {
            Principal::Device(login) => login.lasts(&self.registry, now).map_err(refused),
            Principal::Application(key) => {
                let snapshot = self.registry.snapshot();
                let key = snapshot.api_key(key.id.as_str());
                key_lasts(key.map(AsRef::as_ref), now)
            }
            Principal::Batch(enrolling) => {
                let snapshot = self.registry.snapshot();
                batch::lasts(snapshot.batch(enrolling.batch().as_str()), now)
            }
            Principal::Anybody => Ok(None),
        }
    }

    fn takeover_cure(&self, principal: &Principal) -> &'static str {
        match principal {
            // Its client id is its own id, and no other will do.
            Principal::Device(login) if login.assurance() == Assurance::Key => {
                "if this goes on, two devices share this identity and its key: register the second as a device of its own, with a key of its own"
            }
            Principal::Device(_) => {
                "if this goes on, two clients use one client id: give each its own, or register the second as a device of its own"
            }
            Principal::Batch(_) => {
                "if this goes on, two devices of the batch use one client id: let each use its own id"
            }
            Principal::Application(_) | Principal::Anybody => {
                "if this goes on, two clients use one client id: give each its own"
            }
        }
    }

    fn owner_admitted(&self, session_owner: &str) -> Result<(), Refusal> {
        if session_owner == UNPROTECTED_OWNER {
            return Ok(());
        }
        let (snapshot, now) = (self.registry.snapshot(), self.clock.now());
        let admitted = match session_owner.strip_prefix(KEY_OWNER) {
            Some(key) => snapshot.api_key(key).is_some_and(|key| key.live(now)),
            None => snapshot
                .device(session_owner)
                .is_some_and(|device| device.admitted(now)),
        };
        if admitted {
            Ok(())
        } else {
            Err(Refusal::new(
                RefusalKind::Revoked,
                "the session's owner is no longer admitted",
            ))
        }
    }

    fn generation(&self) -> u64 {
        self.registry.generation()
    }

    fn record(&self, event: ConnectionEvent<'_>) {
        self.logins.event(&event);
        let login = event.login.unwrap_or_default();
        let snapshot = self.registry.snapshot();
        let device = snapshot.login(login).ok().map(|device| device.id.clone());
        let peer = event.peer.to_string();
        self.registry.events().record(NewEvent {
            time: self.clock.now(),
            device,
            login,
            peer: &peer,
            listener: event.listener.as_str(),
            kind: kind(event.kind),
            reason: &event.reason,
            cure: event.cure,
            head: event.head,
        });
    }
}

fn kind(kind: transport::EventKind) -> EventKind {
    use transport::EventKind as Seen;
    match kind {
        Seen::Connected => EventKind::Connected,
        Seen::Disconnected => EventKind::Disconnected,
        Seen::Refused => EventKind::Refused,
        Seen::ProtocolError => EventKind::ProtocolError,
        Seen::PublishDenied => EventKind::PublishDenied,
        Seen::SubscribeDenied => EventKind::SubscribeDenied,
        Seen::TakenOver => EventKind::TakenOver,
        Seen::Kicked => EventKind::Kicked,
        Seen::TlsFailed => EventKind::TlsFailed,
        Seen::ConnectTimeout => EventKind::ConnectTimeout,
        Seen::KeepAliveTimeout | Seen::WriteTimeout => EventKind::Disconnected,
        Seen::SinkFault => EventKind::Disconnected,
        Seen::TooLarge => EventKind::Unreadable,
    }
}

impl SignatureCheck for Access {
    fn verify(&self, attempt: &SignatureAttempt<'_>) -> Result<Principal, Refusal> {
        self.logins
            .refusal(Listener::Coap, self.verify_message(attempt))
    }

    fn signature_fits(&self, attempt: &SignatureAttempt<'_>) -> bool {
        self.log_in_by(attempt).is_ok()
    }
}

impl Access {
    fn verify_message(&self, attempt: &SignatureAttempt<'_>) -> Result<Principal, Refusal> {
        match self.log_in_by(attempt) {
            Ok(login) => Ok(Principal::Device(Arc::new(login))),
            Err(error) => Err(refusal(&error)),
        }
    }

    /// A message's signature is a login of its own.
    fn log_in_by(&self, attempt: &SignatureAttempt<'_>) -> Result<DeviceLogin, AuthError> {
        let proof = DeviceProof::Signature {
            algorithm: match attempt.kind {
                SignatureKind::Ed25519 => SignatureAlgorithm::Ed25519,
                SignatureKind::Es256 => SignatureAlgorithm::Es256,
            },
            message: attempt.signed_bytes,
            signature: attempt.signature,
        };
        let snapshot = self.registry.snapshot();
        self.registry
            .log_in(&snapshot, attempt.kid, &proof, self.clock.moment())
    }
}

impl Access {
    /// A device reads what was refused of its own messages, and a gateway of its
    /// children's, while they are its own.
    fn is_rejects_for(&self, filter: &str, login: &DeviceLogin) -> bool {
        let own = DeviceTopic::parse(filter).filter(|topic| topic.is_of(login.id()));
        let Some(topic) = own.filter(|topic| topic.class == TopicClass::Rejects) else {
            return false;
        };
        match topic.child {
            // `+` stands for all children, those that are registered later too.
            None | Some("+") => true,
            Some(child) => {
                let snapshot = self.registry.snapshot();
                snapshot
                    .admitted_child(login.id(), child, self.clock.now())
                    .is_ok()
            }
        }
    }
}

impl Access {
    pub(crate) fn of(components: &Components) -> Self {
        Self {
            registry: Arc::clone(&components.registry),
            clock: Arc::clone(&components.clock),
            audience: components.audience.clone(),
            downlink: Arc::clone(&components.downlink),
            logins: Arc::clone(&components.logins),
            enrolments: Arc::clone(&components.enrolments),
        }
    }
}

/// Why a login failed, with the way out.
pub(super) fn refusal(error: &AuthError) -> Refusal {
    let kind = match error {
        AuthError::UnknownDevice => RefusalKind::UnknownDevice,
        AuthError::Revoked => RefusalKind::Revoked,
        AuthError::DeviceExpired { .. } | AuthError::CredentialExpired { .. } => {
            RefusalKind::Expired
        }
        _ => RefusalKind::BadCredentials,
    };
    Refusal::new(kind, error.to_string()).with_cure(error.cure())
}

/// What the operator reads where a device has lost its right.
pub(super) fn refused(lost: NoLongerAdmitted) -> Refusal {
    let kind = match lost {
        NoLongerAdmitted::Unknown => RefusalKind::UnknownDevice,
        NoLongerAdmitted::Revoked | NoLongerAdmitted::CredentialRemoved => RefusalKind::Revoked,
        NoLongerAdmitted::Expired(_) | NoLongerAdmitted::CredentialExpired(_) => {
            RefusalKind::Expired
        }
    };
    Refusal::new(kind, lost.to_string()).with_cure(lost.cure())
}

/// For how long an API key is accepted, or why it does not any more.
fn key_lasts(key: Option<&ApiKey>, now: Timestamp) -> Result<Option<Duration>, Refusal> {
    const CURE: &str = "make a new key for the application; two may overlap while it changes over";
    let refuse = |kind, reason| Err(Refusal::new(kind, reason).with_cure(CURE));
    match key {
        None => refuse(RefusalKind::Revoked, "the API key is no longer there"),
        Some(key) if key.revoked.is_some() => {
            refuse(RefusalKind::Revoked, "the API key was revoked")
        }
        Some(key) if !key.live(now) => refuse(RefusalKind::Expired, "the API key has expired"),
        Some(key) => Ok(key.expires.map(|at| now.until(at))),
    }
}
