//! An administrator invites a person to set a password: at first, and again
//! where one is lost.

use std::sync::Arc;

use domain::{PersonId, Timestamp};

use super::{Invitation, PersonLogin, TotpSeed};
use crate::person::Person;
use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::secret::RandomError;
use crate::secret::token_text;
use crate::store::StoreError;

/// What the text of an invitation begins with.
pub(super) const PREFIX: &str = "mdi_";
/// How long an invitation can be taken.
pub const INVITATION_DAYS: i64 = 7;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// An invitation, and the only time that its text can be read.
#[derive(Clone, PartialEq)]
pub struct IssuedInvitation {
    pub text: String,
    pub until: Timestamp,
}

/// Why a person is not invited.
#[derive(Debug, thiserror::Error)]
pub enum InvitePersonError {
    #[error("no operator {0}")]
    Unknown(PersonId),
    #[error("operator {0} is not enabled, and could not log in")]
    Disabled(PersonId),
    #[error("operator {0} logs in by the identity provider, and has no password here")]
    OfProvider(PersonId),
    /// Whether the actor may invite was judged by what it was before.
    #[error("operator {0} was changed in this very moment; look at it, and try again")]
    Changed(PersonId),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for InvitePersonError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-operator",
            Self::Disabled(_) => "operator-disabled",
            Self::OfProvider(_) => "operator-of-provider",
            Self::Changed(_) => "operator-changed",
            Self::Random(_) | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Disabled(_) | Self::OfProvider(_) | Self::Changed(_) => ErrorClass::Conflict,
            Self::Random(_) | Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// Invites a person as it was looked at, with those roles and no others.
    /// Takes away what it logged in with before: that may be in another's hands.
    pub fn invite_person(
        &self,
        actor: &Actor,
        looked_at: &Person,
    ) -> Result<IssuedInvitation, InvitePersonError> {
        let id = &looked_at.id;
        let text = token_text::make(PREFIX)?.text;
        let hmac = self.pepper.hmac(text.as_bytes());
        let seed = TotpSeed::new()?;
        self.change(actor, |change| {
            let person = change.draft.person(id.as_str());
            let person = person.ok_or_else(|| InvitePersonError::Unknown(id.clone()))?;
            if person.created != looked_at.created || person.grants != looked_at.grants {
                return Err(InvitePersonError::Changed(id.clone()));
            }
            if !person.enabled {
                return Err(InvitePersonError::Disabled(id.clone()));
            }
            if person.identity.is_some() {
                return Err(InvitePersonError::OfProvider(id.clone()));
            }
            let life = INVITATION_DAYS * MICROS_PER_DAY;
            let until = Timestamp::from_micros(change.now.as_micros().saturating_add(life));
            let login = PersonLogin {
                invitation: Some(Invitation { hmac, seed, until }),
                ..PersonLogin::default()
            };
            put(change, id, login);
            change.alters_rights();
            Ok(IssuedInvitation { text, until })
        })
    }
}

/// The row and the draft's part of it.
pub(super) fn put(change: &mut crate::registry::Change, id: &PersonId, login: PersonLogin) {
    let login = Arc::new(login);
    change.write(RowChange::PutLogin {
        person: id.clone(),
        login: Arc::clone(&login),
    });
    change.draft.put_login(id.clone(), login);
}
