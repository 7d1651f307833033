//! A person changes its password by itself.

use std::sync::Arc;

use domain::PersonId;

use super::PersonLogin;
use super::invite::put;
use super::password::{self, PasswordError};
use crate::registry::{Actor, ErrorClass, OperationError, Registry};
use crate::store::StoreError;

/// Why a password stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("the password so far is another one")]
    Wrong,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the password cannot be hashed")]
    Hash(#[source] argon2::password_hash::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for ChangePasswordError {
    fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "wrong-password",
            Self::Password(_) => "poor-password",
            Self::Hash(_) | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Wrong | Self::Password(_) => ErrorClass::Invalid,
            Self::Hash(_) | Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// Whoever is logged in with the one so far is so no longer. Hashes two
    /// passwords.
    pub fn change_password(
        &self,
        actor: &Actor,
        id: &PersonId,
        so_far: &str,
        new: &str,
    ) -> Result<Arc<PersonLogin>, ChangePasswordError> {
        let snapshot = self.snapshot();
        let login = snapshot.login_of(id).ok_or(ChangePasswordError::Wrong)?;
        let stored = login.password.as_ref().ok_or(ChangePasswordError::Wrong)?;
        if !password::is_of(&self.pepper, stored, so_far) {
            return Err(ChangePasswordError::Wrong);
        }
        // Only now: whoever guesses learns nothing without a guess that counts.
        password::check(id.as_str(), new)?;
        let hash = password::hash(&self.pepper, new).map_err(ChangePasswordError::Hash)?;
        self.change(actor, |change| {
            let standing = change.draft.login_of(id);
            // It may have been taken away while the new one was hashed.
            let standing = standing.filter(|it| it.password.as_ref() == Some(stored));
            let standing = standing.ok_or(ChangePasswordError::Wrong)?;
            let mut login = PersonLogin::clone(standing);
            login.password = Some(hash);
            let set = Arc::new(login.clone());
            put(change, id, login);
            change.alters_rights();
            Ok(set)
        })
    }
}
