//! Whose a service token is.

use std::sync::Arc;

use domain::Timestamp;

use super::{PREFIX, ServiceToken};
use crate::registry::Registry;
use crate::secret;
use crate::secret::token_text::{self, TokenTextError};

/// Why a text is not accepted as a service token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServiceTokenError {
    #[error("this is no service token: one begins with mdt_ and has 67 characters")]
    Form,
    #[error("the service token is mistyped or cut: its checksum does not fit")]
    Checksum,
    #[error("no such service token: it was removed, or it is of another platform")]
    Unknown,
    #[error("the service token expired at {0}")]
    Expired(Timestamp),
}

impl Registry {
    /// The token of a text. Reads the snapshot only.
    pub fn authenticate_service_token(
        &self,
        text: &str,
    ) -> Result<Arc<ServiceToken>, ServiceTokenError> {
        let id = token_text::id_of(text, PREFIX).map_err(|error| match error {
            TokenTextError::Form => ServiceTokenError::Form,
            TokenTextError::Checksum => ServiceTokenError::Checksum,
        })?;
        let snapshot = self.snapshot();
        let token = snapshot.service_token(id);
        let token = token.ok_or(ServiceTokenError::Unknown)?;
        if !secret::same(&self.pepper.hmac(text.as_bytes()), &token.hmac) {
            return Err(ServiceTokenError::Unknown);
        }
        if token.until <= self.now() {
            return Err(ServiceTokenError::Expired(token.until));
        }
        Ok(Arc::clone(token))
    }
}
