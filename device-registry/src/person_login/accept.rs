//! A person takes an invitation: it sets a password and, with it, an
//! authenticator app.

use std::net::IpAddr;
use std::sync::Arc;

use domain::{PersonId, Timestamp};

use super::invite::{PREFIX, put};
use super::password::{self, PasswordError};
use super::{PersonLogin, SecondFactor, Totp, TotpSecret, recovery};
use crate::person::Person;
use crate::registry::{Actor, ErrorClass, Means, OperationError, Registry, Who};
use crate::secret::{self, RandomError, token_text};
use crate::snapshot::Snapshot;
use crate::store::StoreError;

/// What the bearer of an invitation is told.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenInvitation {
    pub person: Arc<Person>,
    pub until: Timestamp,
    /// What the authenticator app gets.
    pub secret: TotpSecret,
}

/// What a person logs in with from now on.
#[derive(Clone, Copy)]
pub struct NewLogin<'a> {
    pub password: &'a str,
    /// The app's present code, which shows that it was set up; `None`: without
    /// an app.
    pub code: Option<&'a str>,
}

/// Why an invitation is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AcceptInvitationError {
    #[error(
        "the invitation is not known: it was used, it has ended, a newer one was made, or it was not copied whole"
    )]
    Unknown,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("an authenticator app is required: set it up, and send its code")]
    CodeMissing,
    #[error("the code is not the app's present one; the clocks of both have to be right")]
    Code,
    #[error("the password cannot be hashed")]
    Hash(#[source] argon2::password_hash::Error),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for AcceptInvitationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown-invitation",
            Self::Password(_) => "poor-password",
            Self::CodeMissing => "code-missing",
            Self::Code => "wrong-code",
            Self::Hash(_) | Self::Random(_) | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown => ErrorClass::NotFound,
            Self::Password(_) | Self::CodeMissing | Self::Code => ErrorClass::Invalid,
            Self::Hash(_) | Self::Random(_) | Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// Whose the invitation is, if it can be taken.
    pub fn open_invitation(&self, text: &str) -> Result<OpenInvitation, AcceptInvitationError> {
        let hmac = self.invitation_hmac(text)?;
        let snapshot = self.snapshot();
        let (person, login) = find(&snapshot, &hmac, self.now())?;
        let invitation = login.invitation.as_ref();
        let invitation = invitation.ok_or(AcceptInvitationError::Unknown)?;
        Ok(OpenInvitation {
            person: Arc::clone(person),
            until: invitation.until,
            secret: invitation.seed.secret(&self.pepper),
        })
    }

    /// Sets what the person logs in with; the recovery codes are told this once,
    /// and are none without an app. Hashes a password.
    pub fn accept_invitation(
        &self,
        address: IpAddr,
        text: &str,
        new: NewLogin<'_>,
        factor: impl Fn(&Person) -> SecondFactor,
    ) -> Result<(PersonId, Vec<String>), AcceptInvitationError> {
        let open = self.open_invitation(text)?;
        let id = open.person.id.clone();
        password::check(id.as_str(), new.password)?;
        if new.code.is_none() && factor(&open.person) == SecondFactor::Required {
            return Err(AcceptInvitationError::CodeMissing);
        }
        let step = |code| {
            let step = open.secret.step_of(code, self.now(), None);
            step.ok_or(AcceptInvitationError::Code)
        };
        let used = new.code.map(step).transpose()?;
        let hash = password::hash(&self.pepper, new.password);
        let hash = hash.map_err(AcceptInvitationError::Hash)?;
        let (codes, recovery) = match used {
            Some(_) => recovery::make(&self.pepper)?,
            None => Default::default(),
        };
        let hmac = self.invitation_hmac(text)?;
        let actor = Actor {
            who: Who::Person(id),
            address: Some(address),
            means: Means::Invitation,
        };
        self.change(&actor, |change| {
            // It may have been taken while the password was hashed.
            let (person, login) = find(&change.draft, &hmac, change.now)?;
            let invitation = login.invitation.as_ref();
            let seed = invitation.ok_or(AcceptInvitationError::Unknown)?.seed;
            let id = person.id.clone();
            let set = PersonLogin {
                password: Some(hash),
                totp: used.map(|step| Totp {
                    seed,
                    used: Some(step),
                }),
                recovery,
                invitation: None,
            };
            put(change, &id, set);
            change.alters_rights();
            Ok((id, codes))
        })
    }

    fn invitation_hmac(&self, text: &str) -> Result<[u8; 32], AcceptInvitationError> {
        match token_text::id_of(text, PREFIX) {
            Ok(_) => Ok(self.pepper.hmac(text.as_bytes())),
            Err(_) => Err(AcceptInvitationError::Unknown),
        }
    }
}

/// The person whose invitation it is, if that can be taken.
fn find<'a>(
    snapshot: &'a Snapshot,
    hmac: &[u8; 32],
    now: Timestamp,
) -> Result<(&'a Arc<Person>, &'a Arc<PersonLogin>), AcceptInvitationError> {
    let bears = |login: &PersonLogin| {
        let invitation = login.invitation.as_ref();
        invitation.is_some_and(|it| secret::same(&it.hmac, hmac) && now < it.until)
    };
    let found = snapshot
        .logins
        .iter()
        .find(|(_, login)| bears(login))
        .and_then(|(id, login)| Some((snapshot.person(id.as_str())?, login)))
        .filter(|(person, _)| person.enabled);
    found.ok_or(AcceptInvitationError::Unknown)
}
