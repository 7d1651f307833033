//! A device that has proved itself, on whatever transport: how it does, and
//! whether it still is admitted.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use domain::{Assurance, CredentialId, DeviceId, Moment, Timestamp};

use super::{Device, DeviceStatus};
use crate::auth::{self, AuthError, CHALLENGE_BYTES, Exposure, SignatureAlgorithm};
use crate::registry::Registry;
use crate::snapshot::Snapshot;

/// How a device proves who it is.
#[derive(Clone, Copy, Debug)]
pub enum DeviceProof<'a> {
    /// A JWT that its key signed, for the platform of that name.
    Token { token: &'a [u8], audience: &'a str },
    Password {
        password: &'a [u8],
        exposure: Exposure,
    },
    /// The public key of its certificate, in DER; TLS has proved that it holds
    /// the private one.
    Certificate { public_key: &'a [u8] },
    /// Its key's signature over what it was sent.
    Challenge {
        audience: &'a str,
        nonce: &'a [u8; CHALLENGE_BYTES],
        signature: &'a [u8],
    },
    /// Its key's signature over the message itself.
    Signature {
        algorithm: SignatureAlgorithm,
        message: &'a [u8],
        signature: &'a [u8],
    },
}

impl DeviceProof<'_> {
    const fn assurance(&self) -> Assurance {
        match self {
            Self::Password { .. } => Assurance::Password,
            Self::Token { .. } | Self::Certificate { .. } | Self::Challenge { .. } => {
                Assurance::Key
            }
            Self::Signature { .. } => Assurance::SignedMessage,
        }
    }
}

impl Registry {
    /// Lets a device in that is named by its id or alias. All of it is from the
    /// one look at the registry that `snapshot` is.
    pub fn log_in(
        &self,
        snapshot: &Snapshot,
        name: &str,
        proof: &DeviceProof<'_>,
        now: Moment,
    ) -> Result<DeviceLogin, AuthError> {
        let device = snapshot.login(name)?;
        let earliest = now.earliest;
        let credential = match *proof {
            DeviceProof::Token { token, audience } => {
                auth::authenticate_jwt(device, token, audience, now)
            }
            DeviceProof::Password { password, exposure } => {
                self.authenticate_password(device, password, exposure, earliest)
            }
            DeviceProof::Certificate { public_key } => {
                auth::authenticate_certificate(device, public_key, earliest)
            }
            DeviceProof::Challenge {
                audience,
                nonce,
                signature,
            } => auth::authenticate_challenge(device, audience, nonce, signature, earliest),
            DeviceProof::Signature {
                algorithm,
                message,
                signature,
            } => auth::verify_signature(device, algorithm, message, signature, earliest),
        };
        Ok(DeviceLogin::new(
            snapshot,
            Arc::clone(device),
            credential?,
            proof.assurance(),
        ))
    }
}

/// A device that has proved itself with one of its credentials.
pub struct DeviceLogin {
    id: DeviceId,
    credential: CredentialId,
    assurance: Assurance,
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
    lost: NoLongerAdmitted,
}

/// Why a device that was let in is not admitted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLongerAdmitted {
    Unknown,
    Revoked,
    /// The registration, at this time.
    Expired(Timestamp),
    /// The credential was removed.
    CredentialRemoved,
    /// The credential, at this time.
    CredentialExpired(Timestamp),
}

impl NoLongerAdmitted {
    /// What a new login would be told.
    fn at_login(self) -> Option<AuthError> {
        match self {
            Self::Unknown => Some(AuthError::UnknownDevice),
            Self::Revoked => Some(AuthError::Revoked),
            Self::Expired(at) => Some(AuthError::DeviceExpired { at }),
            Self::CredentialExpired(at) => Some(AuthError::CredentialExpired { at }),
            Self::CredentialRemoved => None,
        }
    }

    /// What the operator can do about it.
    pub fn cure(self) -> &'static str {
        self.at_login().map_or(
            "log in with another of the device's credentials, or give it a new one",
            |error| error.cure(),
        )
    }
}

impl fmt::Display for NoLongerAdmitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at_login() {
            Some(error) => fmt::Display::fmt(&error, f),
            None => f.write_str("the credential that it logged in with was removed"),
        }
    }
}

impl std::error::Error for NoLongerAdmitted {}

impl DeviceLogin {
    /// Of a device that has proved itself by what `snapshot` says of it.
    pub fn new(
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

    #[inline]
    pub fn id(&self) -> &DeviceId {
        &self.id
    }

    #[inline]
    pub fn credential(&self) -> CredentialId {
        self.credential
    }

    /// How strongly it proved itself.
    #[inline]
    pub fn assurance(&self) -> Assurance {
        self.assurance
    }

    /// The entry as it is now, or why the device is out. Costs an atomic load
    /// while nothing in the registry has changed.
    #[inline]
    pub fn current(
        &self,
        registry: &Registry,
        now: Timestamp,
    ) -> Result<Arc<Device>, NoLongerAdmitted> {
        self.look(registry, now).map(|(device, _)| device)
    }

    /// For how long from now it is admitted, where that ends by itself, or why
    /// it is out.
    pub fn lasts(
        &self,
        registry: &Registry,
        now: Timestamp,
    ) -> Result<Option<Duration>, NoLongerAdmitted> {
        let (_, until) = self.look(registry, now)?;
        Ok(until.map(|ending| now.until(ending.at)))
    }

    #[inline]
    fn look(
        &self,
        registry: &Registry,
        now: Timestamp,
    ) -> Result<(Arc<Device>, Option<Ending>), NoLongerAdmitted> {
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

    fn read(&self, snapshot: &Snapshot) -> Result<Entry, NoLongerAdmitted> {
        let device = snapshot
            .device(self.id.as_str())
            .ok_or(NoLongerAdmitted::Unknown)?;
        if device.status == DeviceStatus::Revoked {
            return Err(NoLongerAdmitted::Revoked);
        }
        if !device.credentials.iter().any(|it| it.id == self.credential) {
            return Err(NoLongerAdmitted::CredentialRemoved);
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
        device.expires.map(|at| (at, NoLongerAdmitted::Expired(at))),
        credential
            .and_then(|it| it.expires)
            .map(|at| (at, NoLongerAdmitted::CredentialExpired(at))),
    ];
    let first = ends.into_iter().flatten().min_by_key(|(at, _)| *at);
    first.map(|(at, lost)| Ending { at, lost })
}

#[cfg(test)]
mod tests;
