//! Why something was not ended, be it removed, revoked or taken out of service:
//! it does not exist.

use std::fmt::{Debug, Display};

use domain::{
    BatchId, BoundaryName, DeviceId, FeatureId, GroupId, PersonId, ServiceTokenId, ShareId,
};

use super::{ErrorClass, OperationError};
use crate::store::StoreError;

/// The id of what can be ended.
pub trait EndedId: Debug + Display + Send + Sync + 'static {
    /// What has such an id, as a message calls it.
    const NOUN: &'static str;
    /// The code of the error that there is none.
    const UNKNOWN: &'static str;
}

/// Why it was not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndError<I: EndedId> {
    #[error("no {noun} {0}", noun = I::NOUN)]
    Unknown(I),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<I: EndedId> OperationError for EndError<I> {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => I::UNKNOWN,
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl EndedId for BatchId {
    const NOUN: &'static str = "batch";
    const UNKNOWN: &'static str = "unknown-batch";
}

impl EndedId for BoundaryName {
    const NOUN: &'static str = "boundary";
    const UNKNOWN: &'static str = "unknown-boundary";
}

impl EndedId for DeviceId {
    const NOUN: &'static str = "device";
    const UNKNOWN: &'static str = "unknown-device";
}

impl EndedId for FeatureId {
    const NOUN: &'static str = "feature";
    const UNKNOWN: &'static str = "unknown-feature";
}

impl EndedId for GroupId {
    const NOUN: &'static str = "group";
    const UNKNOWN: &'static str = "unknown-group";
}

impl EndedId for PersonId {
    const NOUN: &'static str = "operator";
    const UNKNOWN: &'static str = "unknown-operator";
}

impl EndedId for ServiceTokenId {
    const NOUN: &'static str = "service token";
    const UNKNOWN: &'static str = "unknown-service-token";
}

impl EndedId for ShareId {
    const NOUN: &'static str = "share";
    const UNKNOWN: &'static str = "unknown-share";
}
