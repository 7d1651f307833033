//! Service tokens: what a program of an agency or of the platform itself proves
//! itself with, in the place of a person.

mod authenticate;
mod create;
mod remove;

use domain::{AgencyId, ServiceTokenId, Timestamp};

pub use authenticate::ServiceTokenError;
pub use create::{
    CreateServiceTokenError, IssuedServiceToken, MAX_SERVICE_TOKEN_DAYS, MAX_SERVICE_TOKENS_OF_ONE,
    NewServiceToken,
};

use crate::role::Grant;

/// What the text of a service token begins with.
const PREFIX: &str = "mdt_";

/// The registry's half of a service token.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceToken {
    pub id: ServiceTokenId,
    pub name: String,
    /// To whom it belongs; `None`: to the platform.
    pub agency: Option<AgencyId>,
    /// In order.
    pub grants: Box<[Grant]>,
    /// It opens nothing from then on.
    pub until: Timestamp,
    pub created: Timestamp,
    /// HMAC-SHA256 of the token's text under the registry's pepper.
    pub(crate) hmac: [u8; 32],
}
