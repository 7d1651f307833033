//! The device's half of MQTT 5's enhanced authentication, for a device without
//! a clock: it signs the nonce that the platform has sent.
//!
//! CONNECT (MQTT 5) has the device's id as the user name and as the client id,
//! the authentication method [`CHALLENGE_METHOD`], and no authentication data.
//! The platform answers AUTH (0x18) with [`CHALLENGE_BYTES`] of data, the
//! nonce; the device answers AUTH (0x18) with the method and the signature as
//! data; CONNACK follows.

use domain::DeviceId;

use crate::identity::DeviceKey;

/// The name of the method in CONNECT and AUTH.
pub const CHALLENGE_METHOD: &str = "madang-challenge";
/// The length of a nonce.
pub const CHALLENGE_BYTES: usize = 32;
/// For what it is signed: a signature for another purpose does not pass here.
const PURPOSE: &[u8] = b"madang/1 mqtt auth";

/// The data of the device's AUTH. `audience` is the platform's configured
/// name, as in a token's `aud`: a platform of another name gets nothing that
/// it could use at this one.
pub fn answer_challenge(
    key: &DeviceKey,
    device: &DeviceId,
    audience: &str,
    nonce: &[u8; CHALLENGE_BYTES],
) -> [u8; 64] {
    let mut message = Vec::with_capacity(160);
    for part in [PURPOSE, audience.as_bytes(), device.as_str().as_bytes()] {
        message.extend_from_slice(part);
        message.push(0);
    }
    message.extend_from_slice(nonce);
    key.sign(&message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_names_purpose_platform_device_and_nonce() {
        let key = DeviceKey::from_seed(&[7; 32]);
        let device = DeviceId::new("dev-1").unwrap();
        let signature = answer_challenge(&key, &device, "madang", &[9; CHALLENGE_BYTES]);
        let signed = [
            b"madang/1 mqtt auth\0madang\0dev-1\0".as_slice(),
            &[9; CHALLENGE_BYTES],
        ];
        assert!(key.public_key().verifies(&signed.concat(), &signature));
    }
}
