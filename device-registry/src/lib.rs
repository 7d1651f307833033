//! The control plane: agencies, data models, things, devices, credentials,
//! datastreams, applications and keys, in embedded SQLite; and the immutable
//! snapshot of them that the data plane reads.

pub mod entities;
pub mod model;
pub mod snapshot;

pub use entities::{
    Agency, Credential, CredentialProof, Datastream, Device, DeviceStatus, Licence, Visibility,
};
pub use model::{Field, Model, ModelVersion, ValueKind};
pub use snapshot::Snapshot;
