//! Passwords: 256 bits made here, for makers' firmware that can do nothing
//! else.

use std::net::IpAddr;

use domain::{CredentialId, Timestamp};

use super::{AuthError, admit};
use crate::device::{CredentialProof, Device, Network};
use crate::secret::{self, Pepper};

/// A longer text is no password of ours, and is not hashed.
pub(super) const MAX_PASSWORD_BYTES: usize = 256;

/// What could read the password on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exposure {
    /// It came through TLS.
    Protected,
    /// It came in the clear: only from loopback, or from a network that the
    /// password is bound to.
    Plaintext { peer: IpAddr },
}

/// Which of the device's passwords it is.
pub(crate) fn authenticate_password(
    pepper: &Pepper,
    device: &Device,
    password: &[u8],
    exposure: Exposure,
    now: Timestamp,
) -> Result<CredentialId, AuthError> {
    admit(device, now)?;
    if !has_password(device) {
        return Err(if device.credentials.is_empty() {
            AuthError::NoCredential {
                wanted: "a password",
            }
        } else {
            AuthError::NoToken
        });
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(AuthError::WrongPassword);
    }
    let offered = pepper.hmac(password);
    let found = device.credentials.iter().find_map(|credential| {
        let CredentialProof::Password { hmac, networks } = &credential.proof else {
            return None;
        };
        secret::same(hmac, &offered).then_some((credential, networks))
    });
    let (credential, networks) = found.ok_or(AuthError::WrongPassword)?;
    if let Some(at) = credential.expires.filter(|at| *at <= now) {
        return Err(AuthError::CredentialExpired { at });
    }
    if let Exposure::Plaintext { peer } = exposure
        && !may_come_in_the_clear(peer, networks)
    {
        return Err(AuthError::Unprotected { peer });
    }
    Ok(credential.id)
}

fn has_password(device: &Device) -> bool {
    device
        .credentials
        .iter()
        .any(|credential| matches!(credential.proof, CredentialProof::Password { .. }))
}

fn may_come_in_the_clear(peer: IpAddr, networks: &[Box<str>]) -> bool {
    peer.to_canonical().is_loopback()
        || networks
            .iter()
            .any(|text| Network::parse(text).is_ok_and(|network| network.contains(peer)))
}
