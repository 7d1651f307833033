//! Agencies: the public bodies that own things and data.

mod create;
mod patch;
pub(crate) mod retention;

use std::collections::BTreeMap;

use domain::{AgencyId, ModelId, Timestamp};

pub use create::{CreateAgencyError, MAX_AGENCIES, NewAgency};
pub use patch::{AgencyPatch, PatchAgencyError};
pub use retention::{MAX_RETENTION_DAYS, MIN_RETENTION_DAYS, RetentionError, horizon};

/// A public body that owns things and data.
#[derive(Clone, PartialEq, Debug)]
pub struct Agency {
    pub id: AgencyId,
    pub name: String,
    /// Days that its observations are kept, where it is not as the model says.
    pub retention_days: BTreeMap<ModelId, u32>,
    pub created: Timestamp,
}
