//! Who is on a connection.

use std::sync::Arc;

use arc_swap::ArcSwap;
use device_registry::{ApiKey, Device, Registry};
use domain::{Assurance, CredentialId, DeviceId, Timestamp};

/// The authenticated identity on a connection or of a signed message.
#[derive(Clone)]
pub enum Principal {
    Device(Arc<DeviceLogin>),
    Application(Arc<ApiKey>),
    /// On the unprotected listener of conformance suites.
    Anybody,
}

/// A device that proved itself with one of its credentials.
pub struct DeviceLogin {
    id: DeviceId,
    pub credential: CredentialId,
    pub assurance: Assurance,
    entry: ArcSwap<Entry>,
}

/// The registry's entry, and the generation in which it was looked up.
struct Entry {
    generation: u64,
    device: Arc<Device>,
}

/// Why a device that had been let in no longer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    Unknown,
    Revoked,
    Expired,
    Credential,
}

impl DeviceLogin {
    pub fn new(
        registry: &Registry,
        device: Arc<Device>,
        credential: CredentialId,
        assurance: Assurance,
    ) -> Self {
        Self {
            id: device.id.clone(),
            credential,
            assurance,
            // Looked up again at the first use if anything has changed since.
            entry: ArcSwap::from_pointee(Entry {
                generation: registry.generation(),
                device,
            }),
        }
    }

    pub fn id(&self) -> &DeviceId {
        &self.id
    }

    /// The entry as it is now, or why the device is out. Costs an atomic load
    /// while nothing in the registry has changed.
    pub fn current(&self, registry: &Registry, now: Timestamp) -> Result<Arc<Device>, Lost> {
        let generation = registry.generation();
        let entry = self.entry.load();
        let device = if entry.generation == generation {
            Arc::clone(&entry.device)
        } else {
            let snapshot = registry.snapshot();
            let device = snapshot.device(self.id.as_str()).ok_or(Lost::Unknown)?;
            if !device.credentials.iter().any(|c| c.id == self.credential) {
                return Err(self.lost_credential(device));
            }
            let device = Arc::clone(device);
            self.entry.store(Arc::new(Entry {
                generation,
                device: Arc::clone(&device),
            }));
            device
        };
        if device.admitted(now) {
            Ok(device)
        } else {
            Err(Self::not_admitted(&device))
        }
    }

    fn lost_credential(&self, device: &Device) -> Lost {
        match Self::not_admitted(device) {
            Lost::Revoked => Lost::Revoked,
            _ => Lost::Credential,
        }
    }

    fn not_admitted(device: &Device) -> Lost {
        match device.status {
            device_registry::DeviceStatus::Revoked => Lost::Revoked,
            device_registry::DeviceStatus::Active => Lost::Expired,
        }
    }
}
