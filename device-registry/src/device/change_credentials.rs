//! Keys and passwords of a device: up to three at once, so that the next one
//! works before the last one goes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{CredentialId, DeviceId, Timestamp};

use super::{
    Credential, CredentialProof, Device, DeviceStatus, MAX_CREDENTIALS, MAX_NETWORKS, Network,
    NetworkError, NewKey, NoLongerAdmitted, PublicKeyError,
};
use crate::boxed;
use crate::registry::{Actor, Change, ErrorClass, OperationError, Registry, RowChange};
use crate::secret::{self, RandomError, SECRET_BYTES};
use crate::store::StoreError;

/// The limits of a password that is made.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PasswordTerms {
    /// CIDR networks from which it may come on plaintext listeners.
    pub networks: Vec<String>,
    pub expires: Option<Timestamp>,
}

/// A new password: the only time that it can be read.
#[derive(Clone, PartialEq)]
pub struct MadePassword {
    pub credential: Credential,
    /// 256 bits in base64url.
    pub password: String,
}

/// Why a device got no new credential.
#[derive(Debug, thiserror::Error)]
pub enum AddCredentialError {
    #[error("no device {0}")]
    Unknown(DeviceId),
    #[error("device {0} is revoked, for good; register a new one")]
    Revoked(DeviceId),
    #[error(
        "the device has {MAX_CREDENTIALS} active credentials; remove one that it no longer uses"
    )]
    Full,
    #[error("the device has this key already")]
    SameKey,
    #[error("the device has lost its right meanwhile: {0}")]
    NotAdmitted(NoLongerAdmitted),
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error("a password names at most {MAX_NETWORKS} networks")]
    TooManyNetworks,
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for AddCredentialError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-device",
            Self::Revoked(_) => "device-revoked",
            Self::Full => "too-many-credentials",
            Self::SameKey => "key-exists",
            Self::NotAdmitted(_) => "not-admitted",
            Self::Key(_) => "invalid-key",
            Self::Network(_) | Self::TooManyNetworks => "invalid-network",
            Self::Random(_) | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Revoked(_) | Self::Full | Self::SameKey | Self::NotAdmitted(_) => {
                ErrorClass::Conflict
            }
            Self::Key(_) | Self::Network(_) | Self::TooManyNetworks => ErrorClass::Invalid,
            Self::Random(_) | Self::Store(_) => ErrorClass::Fault,
        }
    }
}

/// Why a credential was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveCredentialError {
    #[error("no device {0}")]
    UnknownDevice(DeviceId),
    #[error("device {device} has no credential {credential}")]
    UnknownCredential {
        device: DeviceId,
        credential: CredentialId,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for RemoveCredentialError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownDevice(_) => "unknown-device",
            Self::UnknownCredential { .. } => "unknown-credential",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownDevice(_) | Self::UnknownCredential { .. } => ErrorClass::NotFound,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn add_key(
        &self,
        actor: &Actor,
        device: &DeviceId,
        key: &NewKey,
    ) -> Result<Credential, AddCredentialError> {
        let proof = key.parse()?;
        self.change(actor, |change| add(change, device, proof, key.expires))
    }

    pub fn make_password(
        &self,
        actor: &Actor,
        device: &DeviceId,
        terms: PasswordTerms,
    ) -> Result<MadePassword, AddCredentialError> {
        if terms.networks.len() > MAX_NETWORKS {
            return Err(AddCredentialError::TooManyNetworks);
        }
        for network in &terms.networks {
            Network::parse(network)?;
        }
        let password = URL_SAFE_NO_PAD.encode(secret::random_bytes::<SECRET_BYTES>()?);
        let proof = CredentialProof::Password {
            hmac: self.pepper.hmac(password.as_bytes()),
            networks: terms.networks.into_iter().map(Into::into).collect(),
        };
        let credential = self.change(actor, |change| add(change, device, proof, terms.expires))?;
        Ok(MadePassword {
            credential,
            password,
        })
    }

    pub fn remove_credential(
        &self,
        actor: &Actor,
        device: &DeviceId,
        credential: CredentialId,
    ) -> Result<(), RemoveCredentialError> {
        self.change(actor, |change| {
            let Some(standing) = change.draft.device(device.as_str()) else {
                return Err(RemoveCredentialError::UnknownDevice(device.clone()));
            };
            let mut changed = Device::clone(standing);
            let kept = standing.credentials.iter();
            let kept = kept.filter(|other| other.id != credential);
            changed.credentials = kept.cloned().collect();
            if changed.credentials.len() == standing.credentials.len() {
                return Err(RemoveCredentialError::UnknownCredential {
                    device: device.clone(),
                    credential,
                });
            }
            change.write(RowChange::RemoveCredential {
                device: device.clone(),
                credential,
            });
            change.draft.put_device(changed);
            change.alters_rights();
            Ok(())
        })
    }
}

/// Adds a credential within a change.
pub(super) fn add(
    change: &mut Change,
    id: &DeviceId,
    proof: CredentialProof,
    expires: Option<Timestamp>,
) -> Result<Credential, AddCredentialError> {
    let Some(standing) = change.draft.device(id.as_str()) else {
        return Err(AddCredentialError::Unknown(id.clone()));
    };
    if standing.status == DeviceStatus::Revoked {
        return Err(AddCredentialError::Revoked(id.clone()));
    }
    if standing
        .credentials
        .iter()
        .any(|other| other.proof == proof)
    {
        return Err(AddCredentialError::SameKey);
    }
    let mut device = Device::clone(standing);
    // An expired one makes room: nobody has to clean up before a rotation.
    let now = change.now;
    let all = device.credentials.into_iter();
    let (expired, kept): (Vec<Credential>, Vec<Credential>) =
        all.partition(|other| other.expired(now));
    device.credentials = kept.into();
    if device.credentials.len() >= MAX_CREDENTIALS {
        return Err(AddCredentialError::Full);
    }
    let remove = |credential: Credential| RowChange::RemoveCredential {
        device: id.clone(),
        credential: credential.id,
    };
    change.write_all(expired.into_iter().map(remove));
    let credential = Credential {
        id: change.next_credential()?,
        proof,
        created: now,
        expires,
    };
    boxed::push(&mut device.credentials, credential.clone());
    change.write(RowChange::AddCredential {
        device: id.clone(),
        credential: credential.clone(),
    });
    change.draft.put_device(device);
    Ok(credential)
}
