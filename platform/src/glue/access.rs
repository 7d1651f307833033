//! Who may connect, publish and subscribe: read from the registry's snapshot.

use std::sync::Arc;

use broker::coap::{CoapAccess, SignatureAttempt};
use broker::{
    AccessControl, Admission, ConnectionEvent, Listener, LoginAttempt, PublishRight, Refusal,
    RefusalKind, SubscribeRight,
};
use device_registry::events::{EventKind, NewEvent};
use device_registry::{AuthError, Registry, SignatureAlgorithm};
use domain::Assurance;
use ingest::Clock;

use super::children;
use super::downlink::Downlink;
use super::login::{self, KEY_OWNER, UNPROTECTED_OWNER};
use super::login_book::LoginBook;
use super::principal::{DeviceLogin, Lost, Principal};
use super::topic;
use crate::compose::Rooms;

/// Conformance suites ask for a topic that nobody may subscribe to.
const UNPROTECTED_CLOSED: &str = "test/nosubscribe";

pub struct Access {
    pub registry: Arc<Registry>,
    pub clock: Arc<dyn Clock>,
    /// `aud` of the devices' tokens.
    pub audience: String,
    pub downlink: Arc<Downlink>,
    pub logins: Arc<LoginBook>,
}

impl AccessControl for Access {
    type Principal = Principal;

    fn authenticate(&self, attempt: &LoginAttempt<'_>) -> Result<Admission<Principal>, Refusal> {
        self.logins.outcome(attempt.listener, self.log_in(attempt))
    }

    fn challenge(&self, attempt: &LoginAttempt<'_>, method: &str) -> Result<Vec<u8>, Refusal> {
        self.logins
            .refusal(attempt.listener, login::challenge(attempt, method))
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

    fn publish_right(&self, principal: &Principal, name: &str) -> PublishRight {
        match principal {
            Principal::Device(login) if topic::is_telemetry_of(name, login.id()) => {
                PublishRight::Telemetry
            }
            Principal::Device(login) if self.is_telemetry_of_a_child(name, login) => {
                PublishRight::Telemetry
            }
            Principal::Anybody if !topic::is_platforms_own(name) => PublishRight::Route,
            _ => PublishRight::Denied,
        }
    }

    fn subscribe_right(&self, principal: &Principal, filter: &str) -> SubscribeRight {
        let granted = match principal {
            Principal::Device(login) => {
                topic::is_rejects_of(filter, login.id())
                    || self.is_rejects_of_children(filter, login)
            }
            Principal::Application(_) => topic::is_open(filter),
            Principal::Anybody => filter != UNPROTECTED_CLOSED && !topic::is_platforms_own(filter),
        };
        if !granted {
            return SubscribeRight::Denied;
        }
        if !matches!(principal, Principal::Anybody) {
            self.downlink.wanted();
        }
        SubscribeRight::Granted
    }

    fn still_admitted(&self, principal: &Principal) -> Result<(), Refusal> {
        match principal {
            Principal::Device(login) => login
                .current(&self.registry, self.clock.now())
                .map(|_| ())
                .map_err(refused),
            Principal::Application(key) => {
                if self
                    .registry
                    .snapshot()
                    .api_key(key.id.as_str())
                    .is_some_and(|key| key.live(self.clock.now()))
                {
                    Ok(())
                } else {
                    Err(Refusal::new(
                        RefusalKind::Revoked,
                        "the API key was revoked",
                    ))
                }
            }
            Principal::Anybody => Ok(()),
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
        match admitted {
            true => Ok(()),
            false => Err(Refusal::new(
                RefusalKind::Revoked,
                "the session's owner is no longer admitted",
            )),
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

fn kind(kind: broker::EventKind) -> EventKind {
    use broker::EventKind as Seen;
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
    }
}

impl CoapAccess for Access {
    fn verify(&self, attempt: &SignatureAttempt<'_>) -> Result<Principal, Refusal> {
        self.logins
            .refusal(Listener::Coap, self.verify_message(attempt))
    }
}

impl Access {
    fn verify_message(&self, attempt: &SignatureAttempt<'_>) -> Result<Principal, Refusal> {
        let now = self.clock.now();
        let snapshot = self.registry.snapshot();
        let device = snapshot
            .login(attempt.kid)
            .map_err(|error| refusal(&error))?;
        let credential = device_registry::auth::verify_signature(
            device,
            SignatureAlgorithm::Ed25519,
            attempt.signed_bytes,
            attempt.signature,
            now,
        )
        .map_err(|error| refusal(&error))?;
        Ok(Principal::Device(Arc::new(DeviceLogin::new(
            &self.registry,
            Arc::clone(device),
            credential,
            Assurance::SignedMessage,
        ))))
    }
}

/// A gateway's rights: on its own children's topics, while they are its own.
impl Access {
    fn is_telemetry_of_a_child(&self, name: &str, gateway: &DeviceLogin) -> bool {
        topic::child_of(name, gateway.id()).is_some_and(|child| {
            child.class == "telemetry"
                && children::admitted(&self.registry, gateway.id(), child.id, self.clock.now())
                    .is_ok()
        })
    }

    /// `+` stands for all children, those that are registered later too.
    fn is_rejects_of_children(&self, filter: &str, gateway: &DeviceLogin) -> bool {
        topic::child_of(filter, gateway.id()).is_some_and(|child| {
            child.class == "rejects"
                && (child.id == "+"
                    || children::admitted(&self.registry, gateway.id(), child.id, self.clock.now())
                        .is_ok())
        })
    }
}

impl Access {
    pub(crate) fn of(rooms: &Rooms) -> Self {
        Self {
            registry: Arc::clone(&rooms.registry),
            clock: Arc::clone(&rooms.clock),
            audience: rooms.audience.clone(),
            downlink: Arc::clone(&rooms.downlink),
            logins: Arc::clone(&rooms.logins),
        }
    }
}

/// Why a login failed, with the way out.
pub(super) fn refusal(error: &AuthError) -> Refusal {
    let kind = match error {
        AuthError::UnknownDevice => RefusalKind::UnknownDevice,
        AuthError::Revoked => RefusalKind::Revoked,
        AuthError::DeviceExpired { .. } => RefusalKind::Expired,
        _ => RefusalKind::BadCredentials,
    };
    Refusal::new(kind, error.to_string()).with_cure(error.cure())
}

/// What the operator reads where a device has lost its right.
pub(super) fn refused(lost: Lost) -> Refusal {
    let (kind, reason) = match lost {
        Lost::Unknown => (
            RefusalKind::UnknownDevice,
            "the device is no longer registered",
        ),
        Lost::Revoked => (RefusalKind::Revoked, "the device was revoked"),
        Lost::Expired => (
            RefusalKind::Expired,
            "the device's registration has expired: set a later `expires`",
        ),
        Lost::Credential => (
            RefusalKind::Revoked,
            "the credential was removed: sign with another of the device's keys",
        ),
    };
    Refusal::new(kind, reason)
}
