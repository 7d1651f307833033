//! Whose a browser's session is.

use std::sync::Arc;

use device_registry::{Person, PersonLogin, Rights, Snapshot};
use domain::AgencyId;
use http_edge::access::Holder;
use openid::{Identity, LoggedOut};

/// A browser's session of this API.
pub(crate) type Session = http_edge::access::Session<SessionHolder>;

/// Whose a session is, and what has to stay as it was for it to stand.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum SessionHolder {
    /// Who has shown the operator's token.
    Token,
    Person(LoggedIn),
}

/// A person as it was when it logged in.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct LoggedIn {
    pub(crate) person: Arc<Person>,
    pub(crate) proved_by: ProvedBy,
    /// The session ends where they change.
    pub(super) rights: Arc<Rights>,
}

/// What a person has logged in with.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum ProvedBy {
    Login(Arc<PersonLogin>),
    Provider(Arc<Identity>),
}

impl LoggedIn {
    pub(crate) fn new(person: Arc<Person>, proved_by: ProvedBy) -> Self {
        let rights = Arc::new(Rights::of(&person.grants));
        Self {
            person,
            proved_by,
            rights,
        }
    }
}

impl Holder for SessionHolder {
    /// The agency whose people they are; `None`: the platform.
    type Group = Option<AgencyId>;

    fn group(&self) -> Self::Group {
        match self {
            Self::Token => None,
            Self::Person(of) => of.person.agency.clone(),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Token, Self::Token) => true,
            (Self::Person(one), Self::Person(other)) => {
                let id = |it: &LoggedIn| (it.person.id.clone(), it.person.created);
                id(one) == id(other)
            }
            (Self::Token, Self::Person(_)) | (Self::Person(_), Self::Token) => false,
        }
    }
}

impl SessionHolder {
    /// Of whom the provider that has let it in knows; `None`: it was none.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Person(LoggedIn {
                proved_by: ProvedBy::Provider(identity),
                ..
            }) => Some(identity),
            Self::Person(_) | Self::Token => None,
        }
    }

    /// Whether the provider has logged it out.
    pub(crate) fn is_among(&self, ended: &LoggedOut) -> bool {
        let Some(own) = self.identity() else {
            return false;
        };
        let subject = ended.subject.as_ref();
        let session = ended.session.as_ref();
        subject.is_none_or(|subject| *subject == own.subject)
            && session.is_none_or(|session| own.session.as_ref() == Some(session))
    }

    /// Whether it may stay logged in: a person that was disabled, or whose roles
    /// or password have changed, has to log in again.
    pub(crate) fn stands(&self, snapshot: &Snapshot) -> bool {
        let Self::Person(then) = self else {
            return true;
        };
        let Some(now) = snapshot.person(then.person.id.as_str()) else {
            return false;
        };
        let is_as_it_was = match &then.proved_by {
            ProvedBy::Login(then) => {
                let login = snapshot.login_of(&now.id);
                login.is_some_and(|login| login.is_as_it_was(then))
            }
            // The provider tells when it ends.
            ProvedBy::Provider(_) => true,
        };
        now.enabled
            && now.created == then.person.created
            && now.grants == then.person.grants
            && is_as_it_was
    }
}
