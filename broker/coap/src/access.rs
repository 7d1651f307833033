//! What CoAP asks beside [`AccessControl`]: a message proves itself, there is
//! no login.

use std::net::SocketAddr;

use transport::{AccessControl, Listener, Refusal};

/// Says whether a signed message is the device's own.
pub trait SignatureCheck: AccessControl {
    /// Checks a signature against the active keys of the device that `kid`
    /// names, Ed25519 strictly (no weak keys, no malleable signatures), and that
    /// the device is admitted now. What costs nothing comes first: whether there
    /// is such a device, and whether it has a key of that kind. Takes as long as
    /// a signature (about 60 us); must not block on I/O.
    fn verify(&self, attempt: &SignatureAttempt<'_>) -> Result<Self::Principal, Refusal>;

    /// Whether the signature is one of the device's over `signed_bytes`. Asked
    /// to tell the cause of a refusal; lets nobody in.
    fn signature_fits(&self, attempt: &SignatureAttempt<'_>) -> bool;
}

/// The curves and hashes that a message may be signed with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SignatureKind {
    Ed25519,
    /// ECDSA on P-256 with SHA-256; the signature is r and s, 32 bytes each.
    Es256,
}

/// A signature to check.
#[derive(Clone, Copy, Debug)]
pub struct SignatureAttempt<'a> {
    pub peer: SocketAddr,
    pub listener: Listener,
    /// The device's id, as the message claims; an id by its form, and the one
    /// of the request's path.
    pub kid: &'a str,
    pub kind: SignatureKind,
    /// COSE's Sig_structure: what the signature covers.
    pub signed_bytes: &'a [u8],
    pub signature: &'a [u8; 64],
}
