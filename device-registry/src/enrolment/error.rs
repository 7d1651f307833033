//! Why a device was not enrolled. Whoever asks has no account: what the registry
//! knows of other devices is told to nobody here.

use std::fmt;

use domain::{DeviceId, Timestamp};

use crate::device::RegisterDeviceError;
use crate::registry::{ErrorClass, OperationError};
use crate::store::StoreError;

/// What opens the enrolment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ticket {
    Claim,
    Batch,
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claim => "claim code",
            Self::Batch => "batch credential",
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum EnrolDeviceError {
    #[error("this is no {0}: it was not copied whole")]
    Form(Ticket),
    #[error("the {0} has a typing error")]
    Checksum(Ticket),
    #[error("there is no such {0}")]
    Unknown(Ticket),
    #[error("the {0} was revoked at {1}")]
    Revoked(Ticket, Timestamp),
    #[error("the {0} expired at {1}")]
    Expired(Ticket, Timestamp),
    #[error("the claim code was used at {0}; each is for one device")]
    Used(Timestamp),
    #[error("the batch is full: {0} devices were enrolled with it")]
    Full(u32),
    #[error("the claim names no device: send its `id`")]
    IdMissing,
    #[error("the claim is for device {0}")]
    OtherId(DeviceId),
    #[error("the ids of this batch's devices begin with {0}")]
    OtherPrefix(DeviceId),
    #[error("a device is enrolled with a key or a password of its own: send `keys`")]
    KeyMissing,
    #[error("a password is 256 bits at random in base64url, 43 letters")]
    PasswordForm,
    #[error("the id or the alias is taken; an id is never given twice")]
    Taken,
    #[error(transparent)]
    Register(RegisterDeviceError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RegisterDeviceError> for EnrolDeviceError {
    fn from(error: RegisterDeviceError) -> Self {
        match error {
            RegisterDeviceError::Exists(_)
            | RegisterDeviceError::Reserved { .. }
            | RegisterDeviceError::AliasTaken { .. } => Self::Taken,
            RegisterDeviceError::Store(error) => Self::Store(error),
            error => Self::Register(error),
        }
    }
}

impl OperationError for EnrolDeviceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Form(_) => "ticket-form",
            Self::Checksum(_) => "ticket-checksum",
            Self::Unknown(_) => "unknown-ticket",
            Self::Revoked(..) => "ticket-revoked",
            Self::Expired(..) => "ticket-expired",
            Self::Used(_) => "claim-used",
            Self::Full(_) => "batch-full",
            Self::IdMissing => "id-missing",
            Self::OtherId(_) => "other-device",
            Self::OtherPrefix(_) => "other-prefix",
            Self::KeyMissing => "key-missing",
            Self::PasswordForm => "invalid-password",
            Self::Taken => "device-exists",
            Self::Register(error) => error.code(),
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Form(_)
            | Self::Checksum(_)
            | Self::IdMissing
            | Self::KeyMissing
            | Self::PasswordForm => ErrorClass::Invalid,
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Revoked(..)
            | Self::Expired(..)
            | Self::Used(_)
            | Self::Full(_)
            | Self::OtherId(_)
            | Self::OtherPrefix(_)
            | Self::Taken => ErrorClass::Conflict,
            Self::Register(error) => error.class(),
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}
