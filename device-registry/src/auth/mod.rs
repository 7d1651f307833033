//! How a device proves itself on the data plane: pure functions over the
//! snapshot, without a lock or I/O.
//!
//! The algorithm comes from the registered key, never from the token. Each
//! function refuses a revoked and an expired device by itself. No memory of
//! tokens is kept: clients connect again with the same one; a connection that
//! stands is ended by revocation, not by its token's age.

mod certificate;
mod challenge;
mod error;
mod jwt;
mod password;
mod signature;

pub use certificate::authenticate_certificate;
pub use challenge::{CHALLENGE_BYTES, CHALLENGE_METHOD, authenticate_challenge, new_challenge};
pub use error::{AuthError, AuthErrorKind};
pub use jwt::{authenticate_jwt, confirmed_key};
pub use password::Exposure;
pub(crate) use password::authenticate_password;
pub use signature::{SignatureAlgorithm, verify_signature};

use domain::Timestamp;

use crate::device::{Device, DeviceStatus};

/// Whether the device may prove itself at all.
fn admit(device: &Device, now: Timestamp) -> Result<(), AuthError> {
    if device.status == DeviceStatus::Revoked {
        return Err(AuthError::Revoked);
    }
    match device.expires {
        Some(at) if at <= now => Err(AuthError::DeviceExpired { at }),
        _ => Ok(()),
    }
}
