//! API keys: made, checked and revoked. Two live ones of each kind, so that
//! the next one works before the last one goes.

use std::sync::Arc;

use domain::{ApiKeyId, ApplicationId, Timestamp};

use super::{ApiKey, ApiKeyKind, LastUse, MAX_KEYS_EVER, MAX_LIVE_KEYS, MAX_ORIGINS};
use crate::registry::{Actor, Change, ErrorClass, OperationError, Registry, RowChange};
use crate::secret::token_text::{self, TokenText, TokenTextError};
use crate::secret::{self, Pepper, RandomError};
use crate::store::StoreError;

/// The longest origin, in bytes.
const MAX_ORIGIN_BYTES: usize = 256;

/// What a key is made from.
#[derive(Clone, PartialEq, Debug)]
pub struct NewApiKey {
    pub kind: ApiKeyKind,
    /// For a publishable key, at least one; for a secret one, none.
    pub origins: Vec<String>,
    pub expires: Option<Timestamp>,
}

impl NewApiKey {
    /// A secret key without an end.
    pub fn secret() -> Self {
        Self {
            kind: ApiKeyKind::Secret,
            origins: Vec::new(),
            expires: None,
        }
    }
}

/// An API key, and the only time that its text can be read.
#[derive(Clone, PartialEq)]
pub struct IssuedKey {
    pub key: Arc<ApiKey>,
    pub text: String,
}

/// Why a text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    #[error("{0:?} is no origin: scheme and host, as https://example.org, without a path")]
    Form(String),
    #[error("a publishable key names at least one origin: the pages that may use it")]
    Missing,
    #[error("a key names at most {MAX_ORIGINS} origins")]
    TooMany,
    #[error(
        "a secret key has no origins: a browser would show it to everybody; make a publishable one"
    )]
    OfSecret,
}

/// Why there is no new key.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    #[error("no application {0}")]
    Unknown(ApplicationId),
    #[error(
        "the application has {MAX_LIVE_KEYS} live keys of this kind; revoke one that it no longer uses"
    )]
    Full,
    #[error("the application has made {MAX_KEYS_EVER} keys, and gets no more; make a new one")]
    UsedUp,
    #[error(transparent)]
    Origin(#[from] OriginError),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for CreateKeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-application",
            Self::Full => "too-many-keys",
            Self::UsedUp => "keys-used-up",
            Self::Origin(_) => "invalid-origin",
            Self::Random(_) | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Full | Self::UsedUp => ErrorClass::Conflict,
            Self::Origin(_) => ErrorClass::Invalid,
            Self::Random(_) | Self::Store(_) => ErrorClass::Fault,
        }
    }
}

/// Why a key was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeKeyError {
    #[error("application {application} has no key {key}")]
    Unknown {
        application: ApplicationId,
        key: ApiKeyId,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for RevokeKeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-key",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown { .. } => ErrorClass::NotFound,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

/// Why a text is not accepted as an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    #[error("this is no API key: one begins with mdk_ and has 67 characters, or mdk_pub_ and 71")]
    Form,
    #[error("the API key is mistyped or cut: its checksum does not fit")]
    Checksum,
    #[error("no such API key")]
    Unknown,
    #[error("the API key was revoked at {0}")]
    Revoked(Timestamp),
    #[error("the API key expired at {0}")]
    Expired(Timestamp),
}

impl ApiKeyError {
    /// Stable, in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form => "api-key-form",
            Self::Checksum => "api-key-checksum",
            Self::Unknown => "api-key-unknown",
            Self::Revoked(_) => "api-key-revoked",
            Self::Expired(_) => "api-key-expired",
        }
    }

    /// What its developer can do about it.
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Form | Self::Checksum => {
                "send the key whole, as it was shown; where that is lost, make a new one for the application"
            }
            Self::Unknown => {
                "make a key for the application on this platform: one of another is not known here"
            }
            Self::Revoked(_) | Self::Expired(_) => {
                "make a new key for the application; two may overlap while it changes over"
            }
        }
    }
}

impl Registry {
    pub fn create_key(
        &self,
        actor: &Actor,
        application: &ApplicationId,
        mut new: NewApiKey,
    ) -> Result<IssuedKey, CreateKeyError> {
        new.origins = check_origins(new.kind, &new.origins)?;
        let kind = new.kind;
        let prepared = new.prepare(&self.pepper)?;
        self.change(actor, |change| {
            if change.draft.application(application.as_str()).is_none() {
                return Err(CreateKeyError::Unknown(application.clone()));
            }
            let mut keys = 0;
            let mut live = 0;
            for key in change.draft.keys_of(application) {
                keys += 1;
                live += usize::from(key.kind == kind && key.live(change.now));
            }
            if live >= MAX_LIVE_KEYS {
                return Err(CreateKeyError::Full);
            }
            if keys >= MAX_KEYS_EVER {
                return Err(CreateKeyError::UsedUp);
            }
            Ok(issue(change, application, prepared)?)
        })
    }

    /// Revoking twice is as once.
    pub fn revoke_key(
        &self,
        actor: &Actor,
        application: &ApplicationId,
        key: &ApiKeyId,
    ) -> Result<(), RevokeKeyError> {
        self.change(actor, |change| {
            let standing = change.draft.api_key(key.as_str());
            let Some(standing) = standing.filter(|key| key.application == *application) else {
                return Err(RevokeKeyError::Unknown {
                    application: application.clone(),
                    key: key.clone(),
                });
            };
            if standing.revoked.is_some() {
                change.discard();
                return Ok(());
            }
            let mut revoked = ApiKey::clone(standing);
            revoked.revoked = Some(change.now);
            let revoked = Arc::new(revoked);
            change.draft.put_api_key(Arc::clone(&revoked));
            change.write(RowChange::RevokeApiKey(revoked));
            change.alters_rights();
            Ok(())
        })
    }

    /// The key of a text. Reads the snapshot only; a flood of wrong ones
    /// costs a checksum each.
    pub fn authenticate_api_key(&self, text: &str) -> Result<Arc<ApiKey>, ApiKeyError> {
        let kind = ApiKeyKind::of_text(text);
        let id = token_text::id_of(text, kind.prefix()).map_err(|error| match error {
            TokenTextError::Form => ApiKeyError::Form,
            TokenTextError::Checksum => ApiKeyError::Checksum,
        })?;
        let snapshot = self.snapshot();
        let key = snapshot.api_key(id).ok_or(ApiKeyError::Unknown)?;
        let offered = self.pepper.hmac(text.as_bytes());
        if !secret::same(&offered, &key.hmac) || key.kind != kind {
            return Err(ApiKeyError::Unknown);
        }
        if let Some(at) = key.revoked {
            return Err(ApiKeyError::Revoked(at));
        }
        let now = self.now();
        if let Some(at) = key.expires.filter(|at| *at <= now) {
            return Err(ApiKeyError::Expired(at));
        }
        key.last_use.touch(now);
        Ok(Arc::clone(key))
    }

    /// Writes the times of last use: once a minute or so, and at the end. A
    /// crash loses what was not written, which is why nothing else hangs on it.
    pub fn flush_last_uses(&self) -> Result<(), StoreError> {
        self.change(&Actor::CLOCK, |change| {
            let used = change.draft.api_keys.values().filter_map(|key| {
                let at = key.last_use.unflushed()?;
                let key = key.id.clone();
                Some(RowChange::NoteApiKeyUse { key, at })
            });
            let used: Vec<RowChange> = used.collect();
            change.write_all(used);
            Ok(())
        })
    }
}

/// A key before its row.
pub(super) struct PreparedKey {
    id: ApiKeyId,
    text: String,
    hmac: [u8; 32],
    new: NewApiKey,
}

impl NewApiKey {
    pub(super) fn prepare(self, pepper: &Pepper) -> Result<PreparedKey, RandomError> {
        let TokenText { id, text } = token_text::make(self.kind.prefix())?;
        Ok(PreparedKey {
            id: ApiKeyId::new(id).expect("base 62 is within the alphabet of ids"),
            hmac: pepper.hmac(text.as_bytes()),
            text,
            new: self,
        })
    }
}

pub(super) fn issue(
    change: &mut Change,
    application: &ApplicationId,
    prepared: PreparedKey,
) -> Result<IssuedKey, StoreError> {
    let PreparedKey {
        id,
        text,
        hmac,
        new,
    } = prepared;
    let key = Arc::new(ApiKey {
        id,
        application: application.clone(),
        kind: new.kind,
        origins: new.origins.into_iter().map(Into::into).collect(),
        created: change.now,
        expires: new.expires,
        revoked: None,
        hmac,
        last_use: LastUse::default(),
    });
    let number = change.next_api_key()?;
    change.write(RowChange::AddApiKey {
        number,
        key: Arc::clone(&key),
    });
    change.draft.put_api_key(Arc::clone(&key));
    Ok(IssuedKey { key, text })
}

/// In the form in which browsers send them.
fn check_origins(kind: ApiKeyKind, origins: &[String]) -> Result<Vec<String>, OriginError> {
    match kind {
        ApiKeyKind::Secret if origins.is_empty() => return Ok(Vec::new()),
        ApiKeyKind::Secret => return Err(OriginError::OfSecret),
        ApiKeyKind::Publishable if origins.is_empty() => return Err(OriginError::Missing),
        ApiKeyKind::Publishable if origins.len() > MAX_ORIGINS => return Err(OriginError::TooMany),
        ApiKeyKind::Publishable => {}
    }
    origins.iter().map(|origin| normal_origin(origin)).collect()
}

fn normal_origin(origin: &str) -> Result<String, OriginError> {
    let wrong = || OriginError::Form(origin.chars().take(MAX_ORIGIN_BYTES).collect());
    let lower = origin.to_ascii_lowercase();
    let (rest, usual_port) = if let Some(rest) = lower.strip_prefix("https://") {
        (rest, ":443")
    } else if let Some(rest) = lower.strip_prefix("http://") {
        (rest, ":80")
    } else {
        return Err(wrong());
    };
    let part_of_host =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    if rest.is_empty() || origin.len() > MAX_ORIGIN_BYTES || !rest.bytes().all(part_of_host) {
        return Err(wrong());
    }
    // A browser leaves the usual port out.
    Ok(lower.strip_suffix(usual_port).unwrap_or(&lower).to_owned())
}
