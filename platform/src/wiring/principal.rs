//! Who is on a connection.

use std::sync::Arc;

use device_registry::{ApiKey, DeviceLogin};

/// The authenticated identity on a connection or of a signed message.
#[derive(Clone)]
pub(crate) enum Principal {
    Device(Arc<DeviceLogin>),
    Application(Arc<ApiKey>),
    /// On the unprotected listener of conformance suites.
    Anybody,
}
