//! Private developers' programs and their API keys.

mod create;
mod keys;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::{ApiKeyId, ApplicationId, Timestamp};

pub use create::{CreateApplicationError, CreatedApplication, NewApplication};
pub use keys::{ApiKeyError, CreateKeyError, IssuedKey, NewApiKey, OriginError, RevokeKeyError};

/// Applications that the platform takes: they are self-served.
pub const MAX_APPLICATIONS: usize = 100_000;
/// Live keys of one kind that an application may have at once, for rotation.
pub const MAX_LIVE_KEYS: usize = 2;
/// Keys of any age that an application may ever have made.
pub const MAX_KEYS_EVER: usize = 1_000;
/// Origins that one publishable key may name.
pub const MAX_ORIGINS: usize = 16;

/// A private developer's program.
#[derive(Clone, PartialEq, Debug)]
pub struct Application {
    pub id: ApplicationId,
    pub name: String,
    /// How to reach its developer: an e-mail address or a URL.
    pub contact: String,
    pub created: Timestamp,
}

/// Where a key may be kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ApiKeyKind {
    /// On a server, in a header: `mdk_...`.
    Secret,
    /// In a browser, read-only, bound to origins: `mdk_pub_...`.
    Publishable,
}

impl ApiKeyKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Publishable => "publishable",
        }
    }

    /// What the text of such a key begins with.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Secret => "mdk_",
            Self::Publishable => "mdk_pub_",
        }
    }

    /// The kind that a key's text says it is of.
    pub(crate) fn of_text(text: &str) -> Self {
        if text.starts_with(Self::Publishable.prefix()) {
            Self::Publishable
        } else {
            Self::Secret
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Secret, Self::Publishable]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// The registry's half of an API key.
#[derive(Clone, PartialEq, Debug)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub application: ApplicationId,
    pub kind: ApiKeyKind,
    /// `scheme://host[:port]`, as browsers send it; empty for a secret key.
    pub origins: Vec<Box<str>>,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
    /// HMAC-SHA256 of the key's text under the registry's pepper.
    pub(crate) hmac: [u8; 32],
    pub(crate) last_use: LastUse,
}

impl ApiKey {
    pub fn live(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|at| now < at)
    }

    /// Whether a browser's page of `origin` may use it.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.origins
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }

    /// When it was last accepted, to the second; written down now and then.
    pub fn last_used(&self) -> Option<Timestamp> {
        self.last_use.get()
    }
}

/// Shared by all versions of a key's entry, so that a use needs no change of
/// the snapshot.
#[derive(Clone, Default, Debug)]
pub(crate) struct LastUse(Arc<Uses>);

/// Microseconds since 1970; 0 for never.
#[derive(Default, Debug)]
struct Uses {
    last: AtomicI64,
    flushed: AtomicI64,
}

impl LastUse {
    /// A use within the same second is not written again: many cores use one
    /// key, and would fight for its cache line.
    const RESOLUTION_MICROS: i64 = 1_000_000;

    pub(crate) fn new(at: Option<Timestamp>) -> Self {
        let micros = at.map_or(0, Timestamp::as_micros);
        Self(Arc::new(Uses {
            last: AtomicI64::new(micros),
            flushed: AtomicI64::new(micros),
        }))
    }

    pub(crate) fn get(&self) -> Option<Timestamp> {
        match self.0.last.load(Ordering::Relaxed) {
            0 => None,
            micros => Some(Timestamp::from_micros(micros)),
        }
    }

    pub(crate) fn touch(&self, now: Timestamp) {
        let seen = self.0.last.load(Ordering::Relaxed);
        if now.as_micros().saturating_sub(seen) >= Self::RESOLUTION_MICROS {
            self.0.last.store(now.as_micros(), Ordering::Relaxed);
        }
    }

    /// What is not written yet; it counts as written from now on.
    pub(crate) fn unflushed(&self) -> Option<Timestamp> {
        let last = self.get()?;
        let before = self.0.flushed.swap(last.as_micros(), Ordering::Relaxed);
        (before != last.as_micros()).then_some(last)
    }
}

impl PartialEq for LastUse {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}
