//! What CoAP asks beside [`AccessControl`]: a message proves itself, there is
//! no login.

use std::net::SocketAddr;

use crate::access::{AccessControl, Listener, Refusal};

/// Says whether a signed message is the device's own.
pub trait CoapAccess: AccessControl {
    /// Checks an Ed25519 signature against the active keys of the device that
    /// `kid` names, strictly (no weak keys, no malleable signatures), and that
    /// the device is admitted now. Takes as long as a signature (about 60 us);
    /// must not block on I/O.
    fn verify(&self, attempt: &SignatureAttempt<'_>) -> Result<Self::Principal, Refusal>;
}

/// A signature to check.
#[derive(Clone, Copy, Debug)]
pub struct SignatureAttempt<'a> {
    pub peer: SocketAddr,
    pub listener: Listener,
    /// The device's id, as the message claims; an id by its form, and the one
    /// of the request's path.
    pub kid: &'a str,
    /// COSE's Sig_structure: what the signature covers.
    pub signed_bytes: &'a [u8],
    pub signature: &'a [u8; 64],
}
