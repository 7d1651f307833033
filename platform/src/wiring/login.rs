//! How somebody logs in to MQTT: a device by its password, its certificate or
//! its answer to a challenge, an application by its API key, a device that is to be
//! enrolled by its batch's credential.

use std::sync::Arc;

use device_registry::{
    ApiKeyKind, CHALLENGE_METHOD, DeviceProof, Exposure, Registry, login_name, new_challenge,
};
use domain::{Assurance, Timestamp};
use transport::{Admission, Listener, LoginAttempt, Realm, Refusal, RefusalKind};

use super::access::{Access, refusal, refused};
use super::principal::{KEY_OWNER, Principal, UNPROTECTED_OWNER};

/// Seconds. Conformance suites ask for a server that has a limit.
const UNPROTECTED_KEEP_ALIVE: u16 = 60;
/// Characters of a stranger's text that a refusal repeats.
const MAX_QUOTED_CHARS: usize = 64;

impl Access {
    pub(super) fn log_in(
        &self,
        attempt: &LoginAttempt<'_>,
    ) -> Result<Admission<Principal>, Refusal> {
        if attempt.listener == Listener::MqttUnprotected {
            return Ok(Admission {
                principal: Principal::Anybody,
                lasts: None,
                session_owner: UNPROTECTED_OWNER.to_owned(),
                realm: Realm::Unprotected,
                agency: None,
                max_keep_alive: UNPROTECTED_KEEP_ALIVE,
                max_session_expiry: u32::MAX,
            });
        }
        let login = user_name(attempt)?;
        match (given(attempt.password), attempt.certificate) {
            (Some(key), _) if key.starts_with(b"mdk_") => {
                admit_application(&self.registry, key, attempt.origin, self.clock.now())
            }
            (Some(credential), _) if credential.starts_with(b"mdb_") => {
                batch::admit(&self.enrolments, attempt, credential, self.clock.now())
            }
            (Some(token), _) if looks_like_jwt(token) => {
                let audience = &self.audience;
                self.admit_device(attempt, login, &DeviceProof::Token { token, audience })
            }
            (Some(password), _) => {
                let exposure = exposure(attempt);
                let proof = DeviceProof::Password { password, exposure };
                self.admit_device(attempt, login, &proof)
            }
            (None, Some(public_key)) => {
                self.admit_device(attempt, login, &DeviceProof::Certificate { public_key })
            }
            (None, None) => Err(Refusal::new(
                RefusalKind::BadCredentials,
                "no password: a device sends a JWT signed by its key, an application its API key",
            )),
        }
    }

    /// What a device has to sign. An unknown one gets a challenge too: nobody
    /// learns from it who is registered.
    pub(super) fn challenge_for(
        attempt: &LoginAttempt<'_>,
        method: &str,
    ) -> Result<Vec<u8>, Refusal> {
        if method != CHALLENGE_METHOD {
            let quoted: String = method.chars().take(MAX_QUOTED_CHARS).collect();
            return Err(Refusal::new(
                RefusalKind::UnknownMethod,
                format!("the authentication method {quoted:?} is not offered"),
            )
            .with_cure("the one method that is offered is madang-challenge"));
        }
        user_name(attempt)?;
        new_challenge()
            .map(Into::into)
            .map_err(|error| Refusal::new(RefusalKind::Unavailable, error.to_string()))
    }

    pub(super) fn admit_by_challenge(
        &self,
        attempt: &LoginAttempt<'_>,
        challenge: &[u8],
        answer: &[u8],
    ) -> Result<Admission<Principal>, Refusal> {
        let nonce = challenge
            .try_into()
            .map_err(|_| Refusal::new(RefusalKind::BadCredentials, "no challenge was sent"))?;
        let proof = DeviceProof::Challenge {
            audience: &self.audience,
            nonce,
            signature: answer,
        };
        self.admit_device(attempt, user_name(attempt)?, &proof)
    }

    /// All of it is from one look at the registry. A device with a key has one
    /// session, whose name nobody else may use.
    fn admit_device(
        &self,
        attempt: &LoginAttempt<'_>,
        name: &str,
        proof: &DeviceProof<'_>,
    ) -> Result<Admission<Principal>, Refusal> {
        let snapshot = self.registry.snapshot();
        let login = self
            .registry
            .log_in(&snapshot, name, proof, self.clock.moment())
            .map_err(|error| refusal(&error))?;
        // An alias is the device's too.
        let named = snapshot.device_by_login(attempt.client_id);
        let is_named = named.is_some_and(|named| named.id == *login.id());
        if login.assurance() == Assurance::Key && !is_named {
            return Err(Refusal::new(
                RefusalKind::BadClientId,
                "a device with a key uses its id as the client id",
            ));
        }
        // The registry may have changed since.
        let lasts = login.lasts(&self.registry, self.clock.now());
        let device = snapshot.device(login.id().as_str());
        Ok(Admission {
            lasts: lasts.map_err(refused)?,
            session_owner: login.id().to_string(),
            realm: Realm::Platform,
            agency: device.map(|device| device.agency.as_str().into()),
            max_keep_alive: 0,
            max_session_expiry: u32::MAX,
            principal: Principal::Device(Arc::new(login)),
        })
    }
}

fn user_name<'a>(attempt: &LoginAttempt<'a>) -> Result<&'a str, Refusal> {
    attempt
        .user_name
        .map(login_name)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| {
            Refusal::new(
                RefusalKind::BadCredentials,
                "no user name: a device sends its id, an application any name",
            )
        })
}

fn given(password: Option<&[u8]>) -> Option<&[u8]> {
    password.filter(|bytes| !bytes.is_empty())
}

/// A JWT is three parts with two dots between; a password made here has none.
fn looks_like_jwt(password: &[u8]) -> bool {
    password.iter().filter(|byte| **byte == b'.').count() == 2
}

/// Any key reads `open/`. A browser's is bound to its pages' origins, which
/// only WebSocket tells.
fn admit_application(
    registry: &Registry,
    key: &[u8],
    origin: Option<&str>,
    now: Timestamp,
) -> Result<Admission<Principal>, Refusal> {
    const PAGE_CURE: &str =
        "name the page's origin in the browser's key, or send a secret key from a server";
    // One that is no text is no key either.
    let key = std::str::from_utf8(key).unwrap_or_default();
    let key = registry.authenticate_api_key(key).map_err(|error| {
        Refusal::new(RefusalKind::BadCredentials, error.to_string()).with_cure(error.cure())
    })?;
    let of_page =
        |reason: String| Refusal::new(RefusalKind::NotAuthorized, reason).with_cure(PAGE_CURE);
    match (key.kind, origin) {
        (ApiKeyKind::Secret, _) => {}
        (ApiKeyKind::Publishable, Some(page)) if key.allows_origin(page) => {}
        (ApiKeyKind::Publishable, Some(page)) => {
            return Err(of_page(format!(
                "the browser's key (mdk_pub_...) is not for pages of {page:?}"
            )));
        }
        (ApiKeyKind::Publishable, None) => {
            return Err(of_page(
                "a browser's key (mdk_pub_...) opens MQTT over WebSocket only, from its pages"
                    .to_owned(),
            ));
        }
    }
    Ok(Admission {
        lasts: key.expires.map(|at| now.until(at)),
        session_owner: format!("{KEY_OWNER}{}", key.id),
        realm: Realm::Platform,
        agency: None,
        max_keep_alive: 0,
        // A browser's key is in everybody's hands: what is kept for one would
        // be open to all.
        max_session_expiry: match key.kind {
            ApiKeyKind::Secret => u32::MAX,
            ApiKeyKind::Publishable => 0,
        },
        principal: Principal::Application(key),
    })
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

pub(super) mod batch;
#[cfg(test)]
mod tests;
