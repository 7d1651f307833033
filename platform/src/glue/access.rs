//! Who may connect, publish and subscribe: read from the registry's snapshot.

use std::sync::Arc;

use broker::coap::{CoapAccess, SignatureAttempt};
use broker::{
    AccessControl, Admission, ConnectionEvent, Listener, LoginAttempt, PublishRight, Refusal,
    RefusalKind, SubscribeRight,
};
use device_registry::events::{EventKind, NewEvent};
use device_registry::{ApiKeyKind, AuthError, Exposure, Registry, SignatureAlgorithm};
use domain::Assurance;
use ingest::Clock;

use super::downlink::Downlink;
use super::principal::{DeviceLogin, Lost, Principal};
use super::topic;
use crate::compose::Rooms;

/// A JWT is three parts with two dots between; a password made here has none.
fn looks_like_jwt(password: &[u8]) -> bool {
    password.iter().filter(|byte| **byte == b'.').count() == 2
}

pub struct Access {
    pub registry: Arc<Registry>,
    pub clock: Arc<dyn Clock>,
    /// `aud` of the devices' tokens.
    pub audience: String,
    pub downlink: Arc<Downlink>,
}

impl AccessControl for Access {
    type Principal = Principal;

    fn authenticate(&self, attempt: &LoginAttempt<'_>) -> Result<Admission<Principal>, Refusal> {
        if attempt.listener == Listener::MqttUnprotected {
            return Ok(Admission {
                principal: Principal::Anybody,
                session_owner: "unprotected".to_owned(),
            });
        }
        let Some(login) = attempt.user_name.filter(|name| !name.is_empty()) else {
            return Err(Refusal::new(
                RefusalKind::BadCredentials,
                "no user name: a device sends its id, an application any name",
            ));
        };
        let Some(password) = attempt.password.filter(|bytes| !bytes.is_empty()) else {
            return Err(Refusal::new(
                RefusalKind::BadCredentials,
                "no password: a device sends a JWT signed by its key, an application its API key",
            ));
        };
        if password.starts_with(b"mdk_") {
            admit_application(&self.registry, password)
        } else {
            self.admit_device(attempt, login, password)
        }
    }

    fn publish_right(&self, principal: &Principal, name: &str) -> PublishRight {
        match principal {
            Principal::Device(login) if topic::is_telemetry_of(name, login.id()) => {
                PublishRight::Telemetry
            }
            Principal::Anybody if !topic::is_platforms_own(name) => PublishRight::Route,
            _ => PublishRight::Denied,
        }
    }

    fn subscribe_right(&self, principal: &Principal, filter: &str) -> SubscribeRight {
        let granted = match principal {
            Principal::Device(login) => topic::is_rejects_of(filter, login.id()),
            Principal::Application(_) => topic::is_open(filter),
            Principal::Anybody => !topic::is_platforms_own(filter),
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

    fn generation(&self) -> u64 {
        self.registry.generation()
    }

    fn record(&self, event: ConnectionEvent<'_>) {
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

impl Access {
    pub(crate) fn of(rooms: &Rooms) -> Self {
        Self {
            registry: Arc::clone(&rooms.registry),
            clock: Arc::clone(&rooms.clock),
            audience: rooms.audience.clone(),
            downlink: Arc::clone(&rooms.downlink),
        }
    }

    fn admit_device(
        &self,
        attempt: &LoginAttempt<'_>,
        login: &str,
        password: &[u8],
    ) -> Result<Admission<Principal>, Refusal> {
        let now = self.clock.now();
        let snapshot = self.registry.snapshot();
        let device = snapshot.login(login).map_err(|error| refusal(&error))?;
        let by_token = looks_like_jwt(password);
        let credential = if by_token {
            device_registry::auth::authenticate_jwt(device, password, &self.audience, now)
        } else {
            self.registry
                .authenticate_password(device, password, exposure(attempt), now)
        };
        let credential = credential.map_err(|error| refusal(&error))?;
        if by_token && attempt.client_id != device.id.as_str() && attempt.client_id != login {
            return Err(Refusal::new(
                RefusalKind::BadClientId,
                "a device with a key uses its id as the client id",
            ));
        }
        let assurance = if by_token {
            Assurance::Key
        } else {
            Assurance::Password
        };
        Ok(Admission {
            session_owner: device.id.to_string(),
            principal: Principal::Device(Arc::new(DeviceLogin::new(
                &self.registry,
                Arc::clone(device),
                credential,
                assurance,
            ))),
        })
    }
}

/// A secret key reads `open/`. A browser's key is bound to its pages' origins,
/// which MQTT over TCP does not tell.
fn admit_application(registry: &Registry, key: &[u8]) -> Result<Admission<Principal>, Refusal> {
    const CURE: &str = "send a secret API key of the application as the password";
    let refuse = |kind, reason: String| Refusal::new(kind, reason).with_cure(CURE);
    let key = std::str::from_utf8(key).map_err(|_| {
        refuse(
            RefusalKind::BadCredentials,
            "the API key is not UTF-8".to_owned(),
        )
    })?;
    let key = registry
        .authenticate_api_key(key)
        .map_err(|error| refuse(RefusalKind::BadCredentials, error.to_string()))?;
    match key.kind {
        ApiKeyKind::Secret => Ok(Admission {
            session_owner: format!("key:{}", key.id),
            principal: Principal::Application(key),
        }),
        ApiKeyKind::Publishable => Err(refuse(
            RefusalKind::NotAuthorized,
            "a browser's key (mdk_pub_...) is bound to origins and does not open MQTT".to_owned(),
        )),
    }
}

fn exposure(attempt: &LoginAttempt<'_>) -> Exposure {
    if !attempt.listener.is_encrypted() {
        Exposure::Plaintext {
            peer: attempt.peer.ip(),
        }
    } else {
        Exposure::Protected
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

#[cfg(test)]
mod tests {
    use device_registry::{NewApiKey, NewApplication};
    use domain::Timestamp;

    use super::*;

    #[test]
    fn a_browsers_key_does_not_open_mqtt() {
        let dir = tempfile::tempdir().unwrap();
        let registry = Registry::open(dir.path(), || Timestamp::from_micros(0)).unwrap();
        let created = registry
            .create_application(NewApplication {
                name: "rivers".to_owned(),
                contact: "dev@example.com".to_owned(),
            })
            .unwrap();
        let browsers = NewApiKey {
            kind: ApiKeyKind::Publishable,
            origins: vec!["https://app.example".to_owned()],
            expires: None,
        };
        let browsers = registry
            .create_key(&created.application.id, browsers)
            .unwrap();
        assert!(admit_application(&registry, created.key.text.as_bytes()).is_ok());
        let refused = admit_application(&registry, browsers.text.as_bytes());
        assert_eq!(
            refused.err().map(|refusal| refusal.kind),
            Some(RefusalKind::NotAuthorized)
        );
    }
}
