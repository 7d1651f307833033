//! Who it is that logs in.

use std::net::IpAddr;
use std::sync::Arc;

use super::invite::put;
use super::{PasswordHash, PersonLogin, SecondFactor, Totp, password, recovery};
use crate::person::Person;
use crate::registry::{Actor, Change, Means, Registry, Who};
use crate::snapshot::Snapshot;
use crate::store::StoreError;

/// What somebody tries to log in with.
#[derive(Clone, Copy)]
pub struct LoginAttempt<'a> {
    pub name: &'a str,
    pub password: &'a str,
    /// Of the authenticator app, or one of the recovery codes.
    pub code: Option<&'a str>,
    pub address: IpAddr,
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Neither which of the two it was, nor whether the person is enabled.
    #[error("name or password is wrong")]
    Refused,
    #[error("the code of the authenticator app is needed, or a recovery code")]
    CodeNeeded,
    #[error("the code is wrong, too old, or was used before")]
    Code,
    #[error("this account needs an authenticator app: ask an administrator for a new invitation")]
    NoSecondFactor,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Compared with where there is no password: so that an unknown name takes as
/// long as a known one. Nobody knows a password for it.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdC4uLg$\
    bm9ib2R5J3MgaGFzaCBpcyBub3QgYW55Ym9keSdzLi4";

impl Registry {
    /// The person, whose code is used up with it. Hashes a password, whatever
    /// the name is.
    pub fn log_person_in(
        &self,
        attempt: LoginAttempt<'_>,
        factor: impl Fn(&Person) -> SecondFactor,
    ) -> Result<(Arc<Person>, Arc<PersonLogin>), LoginError> {
        let found = enabled(&self.snapshot(), attempt.name);
        let stored = found.as_ref().and_then(|(_, login)| login.password.clone());
        let hash = stored.unwrap_or_else(|| PasswordHash::stored(NOBODYS_HASH));
        let same = password::is_of(&self.pepper, &hash, attempt.password);
        let (person, login) = found.filter(|_| same).ok_or(LoginError::Refused)?;
        let Some(totp) = &login.totp else {
            return match factor(&person) {
                SecondFactor::Required => Err(LoginError::NoSecondFactor),
                SecondFactor::Optional => Ok((person, login)),
            };
        };
        let code = attempt.code.ok_or(LoginError::CodeNeeded)?;
        // A wrong code does not wait for the registry's disk.
        self.use_up(&login, totp, code).ok_or(LoginError::Code)?;
        let actor = Actor {
            who: Who::Person(person.id.clone()),
            address: Some(attempt.address),
            means: Means::Password,
        };
        self.change(&actor, |change| {
            self.log_in_with(change, &attempt, code, &hash)
        })
    }

    /// Everything is looked at again: another login may have used the code up.
    fn log_in_with(
        &self,
        change: &mut Change,
        attempt: &LoginAttempt<'_>,
        code: &str,
        hash: &PasswordHash,
    ) -> Result<(Arc<Person>, Arc<PersonLogin>), LoginError> {
        let found = enabled(&change.draft, attempt.name);
        let found = found.filter(|(_, login)| login.password.as_ref() == Some(hash));
        let (person, login) = found.ok_or(LoginError::Refused)?;
        let totp = login.totp.as_ref().ok_or(LoginError::Refused)?;
        let used = self.use_up(&login, totp, code).ok_or(LoginError::Code)?;
        put(change, &person.id, used.clone());
        Ok((person, Arc::new(used)))
    }

    /// What is left once the code is used; `None`: it is none.
    fn use_up(&self, login: &PersonLogin, totp: &Totp, code: &str) -> Option<PersonLogin> {
        let mut left = login.clone();
        let secret = totp.seed.secret(&self.pepper);
        if let Some(step) = secret.step_of(code, self.now(), totp.used) {
            left.totp = Some(Totp {
                seed: totp.seed,
                used: Some(step),
            });
            return Some(left);
        }
        let index = recovery::find(&self.pepper, &login.recovery, code)?;
        left.recovery.remove(index);
        Some(left)
    }
}

fn enabled(snapshot: &Snapshot, name: &str) -> Option<(Arc<Person>, Arc<PersonLogin>)> {
    // Ids have no capitals, and people do not mind them.
    let name = name.trim().to_ascii_lowercase();
    let person = snapshot.person(&name).filter(|person| person.enabled)?;
    let login = snapshot.login_of(&person.id)?;
    Some((Arc::clone(person), Arc::clone(login)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Pepper;

    #[test]
    fn nobodys_hash_takes_as_long_as_anybodys() {
        let pepper = Pepper::new(&[1; 32]);
        let real = password::hash(&pepper, "correct horse battery").unwrap();
        let parameters = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(parameters(NOBODYS_HASH), parameters(real.as_str()));
        assert!(argon2::password_hash::phc::PasswordHash::new(NOBODYS_HASH).is_ok());
        assert_eq!(NOBODYS_HASH.len(), real.as_str().len());
    }
}
