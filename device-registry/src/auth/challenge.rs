//! MQTT 5's enhanced authentication, for a device without a clock: it signs a
//! number that the platform has just made, so neither side needs the time.
//!
//! The method is [`CHALLENGE_METHOD`]. CONNECT has the device's id as the user
//! name, the method, and no data; the platform's AUTH has the nonce,
//! [`CHALLENGE_BYTES`] random bytes, as its data; the device's AUTH has the
//! 64 bytes of the signature. What is signed says for what, for whom and by
//! whom, so that it is of no use elsewhere:
//!
//! `madang/1 mqtt auth` 0x00 audience 0x00 device-id 0x00 nonce
//!
//! The nonce has a fixed length and an id has no 0x00, so there is one way to
//! read it. The audience is the platform's name, as in a token's `aud`.

use domain::{CredentialId, DeviceId, Timestamp};

use super::AuthError;
use super::signature::verify_by_any_key;
use crate::device::Device;
use crate::secret::{self, RandomError};

/// The name of the method in CONNECT and AUTH.
pub const CHALLENGE_METHOD: &str = "madang-challenge";
/// Random bytes of a challenge.
pub const CHALLENGE_BYTES: usize = secret::SECRET_BYTES;
const PURPOSE: &[u8] = b"madang/1 mqtt auth";

/// A nonce for one login on one connection.
pub fn new_challenge() -> Result<[u8; CHALLENGE_BYTES], RandomError> {
    secret::random_bytes()
}

/// Whether the device signed the nonce, and by which of its keys.
pub fn authenticate_challenge(
    device: &Device,
    audience: &str,
    nonce: &[u8; CHALLENGE_BYTES],
    signature: &[u8],
    now: Timestamp,
) -> Result<CredentialId, AuthError> {
    let message = signed_bytes(audience, &device.id, nonce);
    verify_by_any_key(device, &message, signature, now)
}

fn signed_bytes(audience: &str, device: &DeviceId, nonce: &[u8; CHALLENGE_BYTES]) -> Vec<u8> {
    let parts: [&[u8]; 4] = [
        PURPOSE,
        audience.as_bytes(),
        device.as_str().as_bytes(),
        nonce,
    ];
    parts.join(&0)
}
