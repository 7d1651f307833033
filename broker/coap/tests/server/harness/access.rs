//! Keys by device in memory, and what was recorded of each attempt.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::coap::{SignatureAttempt, SignatureCheck, SignatureKind};
use sdk::{Es256PublicKey, PublicKey};
use transport::{
    AccessControl, Admission, ConnectionEvent, Denial, EventKind, Leaves, LoginAttempt,
    PublishRight, Refusal, RefusalKind, SubscribeRight,
};

/// Keys by device, and what was recorded.
#[derive(Default)]
pub(crate) struct TestAccess {
    pub(crate) keys: Mutex<HashMap<String, PublicKey>>,
    pub(crate) es256_keys: Mutex<HashMap<String, Es256PublicKey>>,
    pub(crate) revoked: Mutex<HashSet<String>>,
    pub(crate) events: Mutex<Vec<(Option<String>, EventKind, String)>>,
    pub(crate) cures: Mutex<Vec<&'static str>>,
    pub(crate) verified: AtomicU64,
}

impl AccessControl for TestAccess {
    type Principal = Arc<str>;

    fn authenticate(&self, _: &LoginAttempt<'_>) -> Result<Admission<Arc<str>>, Refusal> {
        Err(Refusal::new(RefusalKind::BadCredentials, "no logins here"))
    }

    fn challenge(&self, _: &LoginAttempt<'_>, _: &str) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::new(RefusalKind::UnknownMethod, "no logins here"))
    }

    fn answer(
        &self,
        _: &LoginAttempt<'_>,
        _: &[u8],
        _: &[u8],
    ) -> Result<Admission<Arc<str>>, Refusal> {
        Err(Refusal::new(RefusalKind::UnknownMethod, "no logins here"))
    }

    fn owner_admitted(&self, _: &str) -> Result<(), Refusal> {
        Ok(())
    }

    fn publish_right(&self, principal: &Arc<str>, topic: &str) -> Result<PublishRight, Denial> {
        if topic == format!("devices/{principal}/telemetry") {
            Ok(PublishRight::Telemetry)
        } else {
            Err(Denial {
                refusal: Refusal::new(RefusalKind::NotAuthorized, "not its topic"),
                leaves: Leaves::Nothing,
            })
        }
    }

    fn subscribe_right(&self, _: &Arc<str>, _: &str) -> SubscribeRight {
        SubscribeRight::Denied
    }

    fn still_admitted(&self, _: &Arc<str>) -> Result<Option<Duration>, Refusal> {
        Ok(None)
    }

    fn generation(&self) -> u64 {
        0
    }

    fn record(&self, event: ConnectionEvent<'_>) {
        assert!(event.head.len() <= 256);
        assert!(!event.cure.is_empty());
        self.cures.lock().unwrap().push(event.cure);
        self.events.lock().unwrap().push((
            event.login.map(str::to_owned),
            event.kind,
            event.reason.into_owned(),
        ));
    }
}

impl SignatureCheck for TestAccess {
    fn verify(&self, attempt: &SignatureAttempt<'_>) -> Result<Arc<str>, Refusal> {
        self.verified.fetch_add(1, Ordering::Relaxed);
        let known = self.keys.lock().unwrap().contains_key(attempt.kid)
            || self.es256_keys.lock().unwrap().contains_key(attempt.kid);
        if !known {
            let reason = "nobody of that name";
            return Err(Refusal::new(RefusalKind::UnknownDevice, reason));
        }
        if self.revoked.lock().unwrap().contains(attempt.kid) {
            return Err(Refusal::new(RefusalKind::Revoked, "it was revoked"));
        }
        if self.signature_fits(attempt) {
            Ok(attempt.kid.into())
        } else {
            Err(Refusal::new(
                RefusalKind::BadCredentials,
                "not its signature",
            ))
        }
    }

    fn signature_fits(&self, attempt: &SignatureAttempt<'_>) -> bool {
        let (message, signature) = (attempt.signed_bytes, attempt.signature);
        match attempt.kind {
            SignatureKind::Ed25519 => (self.keys.lock().unwrap().get(attempt.kid))
                .is_some_and(|key| key.verifies(message, signature)),
            SignatureKind::Es256 => (self.es256_keys.lock().unwrap().get(attempt.kid))
                .is_some_and(|key| key.verifies(message, signature)),
        }
    }
}
