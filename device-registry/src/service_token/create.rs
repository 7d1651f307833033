//! A service token is made.

use std::sync::Arc;

use domain::{AgencyId, ServiceTokenId, Timestamp};

use super::{PREFIX, ServiceToken};
use crate::label::{self, LabelError};
use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::role::{self, Grant, GrantsError};
use crate::secret::RandomError;
use crate::secret::token_text::{self, TokenText};
use crate::store::StoreError;

/// Service tokens of one agency, or of the platform.
pub const MAX_SERVICE_TOKENS_OF_ONE: usize = 1_000;
/// The longest that a service token lasts, in days: two years.
pub const MAX_SERVICE_TOKEN_DAYS: i64 = 731;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What a service token is made from.
#[derive(Clone, PartialEq, Debug)]
pub struct NewServiceToken {
    pub name: String,
    /// `None`: one of the platform.
    pub agency: Option<AgencyId>,
    pub grants: Vec<Grant>,
    pub until: Timestamp,
}

/// A service token, and the only time that its text can be read.
#[derive(Clone, PartialEq)]
pub struct IssuedServiceToken {
    pub token: Arc<ServiceToken>,
    pub text: String,
}

/// Why there is no new service token.
#[derive(Debug, thiserror::Error)]
pub enum CreateServiceTokenError {
    #[error(transparent)]
    Name(#[from] LabelError),
    #[error("`until` lies in the past, or more than {MAX_SERVICE_TOKEN_DAYS} days from now")]
    Until,
    #[error(transparent)]
    Grants(#[from] GrantsError),
    #[error(
        "there are {MAX_SERVICE_TOKENS_OF_ONE} service tokens there already; remove those that nothing uses"
    )]
    Full,
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for CreateServiceTokenError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "invalid-name",
            Self::Until => "invalid-until",
            Self::Grants(error) => error.code(),
            Self::Full => "too-many-service-tokens",
            Self::Random(_) | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Name(_) | Self::Until => ErrorClass::Invalid,
            Self::Grants(error) => error.class(),
            Self::Full => ErrorClass::Conflict,
            Self::Random(_) | Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn create_service_token(
        &self,
        actor: &Actor,
        new: NewServiceToken,
    ) -> Result<IssuedServiceToken, CreateServiceTokenError> {
        label::required("name", &new.name)?;
        let TokenText { id, text } = token_text::make(PREFIX)?;
        let id = ServiceTokenId::new(id).expect("base 62 is within the alphabet of ids");
        let hmac = self.pepper.hmac(text.as_bytes());
        self.change(actor, |change| {
            let left = new.until.as_micros().saturating_sub(change.now.as_micros());
            if left <= 0 || left > MAX_SERVICE_TOKEN_DAYS * MICROS_PER_DAY {
                return Err(CreateServiceTokenError::Until);
            }
            let grants = role::check(&change.draft, new.agency.as_ref(), new.grants)?;
            let tokens = change.draft.service_tokens();
            let of_one = tokens.filter(|one| one.agency == new.agency).count();
            if of_one >= MAX_SERVICE_TOKENS_OF_ONE {
                return Err(CreateServiceTokenError::Full);
            }
            let token = Arc::new(ServiceToken {
                id,
                name: new.name,
                agency: new.agency,
                grants,
                until: new.until,
                created: change.now,
                hmac,
            });
            change.write(RowChange::AddServiceToken(Arc::clone(&token)));
            change.draft.put_service_token(Arc::clone(&token));
            Ok(IssuedServiceToken { token, text })
        })
    }
}
