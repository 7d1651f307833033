//! What fuzz targets need of the parsers and nobody else does.

use domain::payload::ContentFormat;
use domain::{DeviceId, Timestamp};

use crate::access::SignatureKind;
use crate::message;
use crate::security::{self, SignedMessage};

/// Reads a datagram, writes what was read and reads that again; its payload is
/// read as a signed message.
pub fn read_datagram(bytes: &[u8]) {
    let encoded;
    let Ok(read) = message::decode(bytes) else {
        return;
    };
    let _ = security::open(read.payload);
    encoded = read.encode();
    let again = message::decode(&encoded).expect("what was encoded can be read");
    assert_eq!(read, again);
}

/// A signed message that could be read; nothing is verified.
pub struct Signed<'a> {
    pub kind: SignatureKind,
    pub tagged: bool,
    pub kid: DeviceId,
    pub boot_epoch: u64,
    pub sequence: u64,
    pub time: Option<Timestamp>,
    pub format: Option<ContentFormat>,
    pub payload: &'a [u8],
    pub signature: &'a [u8; 64],
    message: SignedMessage<'a>,
}

impl Signed<'_> {
    /// What the signature has to cover for the message to be the device's.
    pub fn signed_bytes(&self, device: &DeviceId) -> Vec<u8> {
        self.message.signed_bytes(device)
    }
}

/// None where the body is no signed message.
pub fn open(body: &[u8]) -> Option<Signed<'_>> {
    let message = security::open(body).ok()?;
    Some(Signed {
        kind: message.form.algorithm.kind(),
        tagged: message.form.tagged,
        kid: message.kid.clone(),
        boot_epoch: message.boot_epoch,
        sequence: message.sequence,
        time: message.time,
        format: message.format,
        payload: message.payload,
        signature: message.signature,
        message,
    })
}
