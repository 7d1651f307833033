//! A developer gets an application and its first key, without asking anybody.

use std::sync::Arc;

use domain::ApplicationId;

use super::keys::issue;
use super::{Application, IssuedKey, MAX_APPLICATIONS, NewApiKey};
use crate::label::{self, LabelError};
use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::secret::{RandomError, random_base62};
use crate::store::StoreError;

/// Random characters of an application's id.
const ID_CHARS: usize = 12;

/// What an application is made from.
#[derive(Clone, PartialEq, Debug)]
pub struct NewApplication {
    pub name: String,
    /// An e-mail address or a URL.
    pub contact: String,
}

/// A new application with its first secret key.
#[derive(Clone, PartialEq)]
pub struct CreatedApplication {
    pub application: Arc<Application>,
    pub key: IssuedKey,
}

/// Why there is no new application.
#[derive(Debug, thiserror::Error)]
pub enum CreateApplicationError {
    #[error(transparent)]
    Label(#[from] LabelError),
    #[error("the platform takes no more applications; ask its operator")]
    Full,
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for CreateApplicationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Label(_) => "invalid-text",
            Self::Full => "too-many-applications",
            Self::Random(_) | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Label(_) => ErrorClass::Invalid,
            Self::Full => ErrorClass::Conflict,
            Self::Random(_) | Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn create_application(
        &self,
        actor: &Actor,
        new: NewApplication,
    ) -> Result<CreatedApplication, CreateApplicationError> {
        label::required("name", &new.name)?;
        label::required("contact", &new.contact)?;
        // Random, not counted: it tells nobody how many there are.
        let id = format!("app-{}", random_base62::<ID_CHARS>()?);
        let id = ApplicationId::new(id).expect("base 62 is within the alphabet of ids");
        let first = NewApiKey::secret().prepare(&self.pepper)?;
        self.change(actor, |change| {
            if change.draft.applications.len() >= MAX_APPLICATIONS {
                return Err(CreateApplicationError::Full);
            }
            let application = Arc::new(Application {
                id,
                name: new.name,
                contact: new.contact,
                created: change.now,
            });
            change.write(RowChange::AddApplication(Arc::clone(&application)));
            change.draft.put_application(Arc::clone(&application));
            let key = issue(change, &application.id, first)?;
            Ok(CreatedApplication { application, key })
        })
    }
}
