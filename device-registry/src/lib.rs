//! The control plane: agencies, data models, things, devices, credentials,
//! datastreams, boundaries, applications and keys, in embedded SQLite; and the
//! immutable snapshot of them that the data plane reads.
//!
//! Operations ([`operations`]) block on the disk and are few; reading the
//! [`Snapshot`] and proving an identity ([`auth`]) take no lock and no I/O.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api_key_text;
pub mod application;
pub mod auth;
pub mod boundary;
mod builtin_models;
mod copy;
mod draft;
pub mod entities;
pub mod events;
mod fault;
mod jwk;
pub mod label;
pub mod model;
pub mod model_change;
pub mod model_file;
pub mod network;
pub mod operations;
pub mod operator;
mod public_datastreams;
pub mod public_key;
mod registry;
pub mod retention;
mod secret;
mod secret_file;
pub mod snapshot;
mod store;
pub mod thing;

pub use application::{ApiKey, ApiKeyKind, Application};
pub use auth::{
    AuthError, AuthErrorKind, CHALLENGE_BYTES, CHALLENGE_METHOD, Exposure, SignatureAlgorithm,
    authenticate_certificate, authenticate_challenge, authenticate_jwt, new_challenge,
    verify_signature,
};
pub use boundary::{Boundary, GeoJson, GeoJsonError, Shape};
pub use copy::{CopyRegistryError, InspectError, Inspected, inspect, mend};
pub use entities::{
    Agency, Credential, CredentialProof, Datastream, Device, DeviceDatastreams, DeviceStatus,
    Licence, LicenceError, Visibility,
};
pub use events::{Event, EventKind, Events, NewEvent};
pub use fault::RegistryFault;
pub use model::{Field, Model, ModelVersion, ValueKind};
pub use operations::*;
pub use operator::{MIN_TOKEN_BYTES, OperatorError, TOKEN_FILE};
pub use public_datastreams::{PublicFilter, PublicPlace, WalkEnd};
pub use public_key::{NewKey, PublicKeyError};
pub use registry::{OpenError, PEPPER_FILE, Registry};
pub use retention::{MAX_RETENTION_DAYS, MIN_RETENTION_DAYS, RetentionError};
pub use secret::RandomError;
pub use secret_file::SecretFileError;
pub use snapshot::{ExtraField, Snapshot, login_name};
pub use store::{
    Numbers, OpenStoreError, REGISTRY_FILE, RegistryFolder, RegistryMark, SCHEMA_VERSION,
    StoreError,
};
pub use thing::{LocationSince, Thing};
