//! Who is on a connection.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use device_registry::{ApiKey, Device, DeviceStatus, Registry, Snapshot};
use domain::{Assurance, CredentialId, DeviceId, Timestamp};

/// The authenticated identity on a connection or of a signed message.
#[derive(Clone)]
pub(crate) enum Principal {
    Device(Arc<DeviceLogin>),
    Application(Arc<ApiKey>),
    /// On the unprotected listener of conformance suites.
    Anybody,
}

/// A device that proved itself with one of its credentials.
pub(crate) struct DeviceLogin {
    id: DeviceId,
    pub(crate) credential: CredentialId,
    pub(crate) assurance: Assurance,
    entry: ArcSwap<Entry>,
}

/// What one look at the registry said: a decision and the generation that it is
/// valid for come from the same snapshot, or a change between the two would go
/// unseen.
struct Entry {
    generation: u64,
    device: Arc<Device>,
    /// The right ends by itself: the earlier of the device's end and the
    /// credential's.
    until: Option<Ending>,
}

#[derive(Clone, Copy)]
struct Ending {
    at: Timestamp,
    lost: Lost,
}

/// Why a device that had been let in no longer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    Unknown,
    Revoked,
    /// The registration, at this time.
    Expired(Timestamp),
    /// The credential was removed.
    Credential,
    /// The credential, at this time.
    CredentialExpired(Timestamp),
}

impl DeviceLogin {
    /// Of a device that has proved itself by what `snapshot` says of it.
    pub(crate) fn new(
        snapshot: &Snapshot,
        device: Arc<Device>,
        credential: CredentialId,
        assurance: Assurance,
    ) -> Self {
        Self {
            id: device.id.clone(),
            credential,
            assurance,
            entry: ArcSwap::from_pointee(Entry {
                generation: snapshot.generation(),
                until: ending(&device, credential),
                device,
            }),
        }
    }

    pub(crate) fn id(&self) -> &DeviceId {
        &self.id
    }

    /// The entry as it is now, or why the device is out. Costs an atomic load
    /// while nothing in the registry has changed.
    pub(crate) fn current(&self, registry: &Registry, now: Timestamp) -> Result<Arc<Device>, Lost> {
        self.look(registry, now).map(|(device, _)| device)
    }

    /// For how long from now it is admitted, where that ends by itself, or why
    /// it is out.
    pub(crate) fn lasts(
        &self,
        registry: &Registry,
        now: Timestamp,
    ) -> Result<Option<Duration>, Lost> {
        let (_, until) = self.look(registry, now)?;
        Ok(until.map(|ending| span(now, ending.at)))
    }

    fn look(
        &self,
        registry: &Registry,
        now: Timestamp,
    ) -> Result<(Arc<Device>, Option<Ending>), Lost> {
        let known = self.entry.load();
        let (device, until) = if known.generation == registry.generation() {
            (Arc::clone(&known.device), known.until)
        } else {
            let entry = self.read(&registry.snapshot())?;
            let found = (Arc::clone(&entry.device), entry.until);
            self.entry.store(Arc::new(entry));
            found
        };
        match until {
            Some(Ending { at, lost }) if at <= now => Err(lost),
            until => Ok((device, until)),
        }
    }

    fn read(&self, snapshot: &Snapshot) -> Result<Entry, Lost> {
        let device = snapshot.device(self.id.as_str()).ok_or(Lost::Unknown)?;
        if device.status == DeviceStatus::Revoked {
            return Err(Lost::Revoked);
        }
        if !device.credentials.iter().any(|it| it.id == self.credential) {
            return Err(Lost::Credential);
        }
        Ok(Entry {
            generation: snapshot.generation(),
            until: ending(device, self.credential),
            device: Arc::clone(device),
        })
    }
}

fn ending(device: &Device, credential: CredentialId) -> Option<Ending> {
    let credential = device.credentials.iter().find(|it| it.id == credential);
    let ends = [
        device.expires.map(|at| (at, Lost::Expired(at))),
        credential
            .and_then(|it| it.expires)
            .map(|at| (at, Lost::CredentialExpired(at))),
    ];
    let first = ends.into_iter().flatten().min_by_key(|(at, _)| *at);
    first.map(|(at, lost)| Ending { at, lost })
}

/// From `now` to a later time.
pub(super) fn span(now: Timestamp, at: Timestamp) -> Duration {
    let micros = at.as_micros().saturating_sub(now.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests;
