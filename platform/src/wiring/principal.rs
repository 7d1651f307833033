//! Who is on a connection.

use std::sync::Arc;

use device_registry::{ApiKey, DeviceLogin};

use super::login::batch::Enrolling;

/// The authenticated identity on a connection or of a signed message.
#[derive(Clone)]
pub(crate) enum Principal {
    Device(Arc<DeviceLogin>),
    Application(Arc<ApiKey>),
    /// A device that is not registered yet, with its batch's credential.
    Batch(Arc<Enrolling>),
    /// On the unprotected listener of conformance suites.
    Anybody,
}

/// Before the id of an API key, where a session is the key's. No device has a
/// colon in its id.
pub(super) const KEY_OWNER: &str = "key:";
/// Nor has it one here.
pub(super) const BATCH_OWNER: &str = "batch:";
/// Nor here.
pub(super) const UNPROTECTED_OWNER: &str = "unprotected:";
