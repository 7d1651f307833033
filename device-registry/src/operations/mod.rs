//! What can be done to the registry: one operation a file, each a method of
//! [`crate::Registry`] with an error of its own. All of them block on the disk.

mod add_model;
mod boundaries;
mod create_agency;
mod create_application;
mod credentials;
mod error;
mod extra_datastream;
mod gateway;
mod import_devices;
mod keys;
mod new_device;
mod patch_agency;
mod patch_device;
mod register_device;
mod revoke_device;

pub use add_model::{AddModelError, AddedModel, MAX_MODELS, ModelChange};
pub use boundaries::{
    MAX_BOUNDARIES, MAX_VERTICES_IN_ALL, NewBoundary, PutBoundary, PutBoundaryError,
    RemoveBoundaryError,
};
pub use create_agency::{CreateAgencyError, MAX_AGENCIES, NewAgency};
pub use create_application::{
    CreateApplicationError, CreatedApplication, IssuedKey, NewApplication,
};
pub use credentials::{AddCredentialError, MadePassword, PasswordTerms, RemoveCredentialError};
pub use error::{ErrorClass, OperationError};
pub use extra_datastream::{ExtraDatastream, ExtraDatastreamError, NewExtraField};
pub use gateway::GatewayError;
pub use import_devices::{
    ImportError, ImportMode, ImportReport, ImportRow, MAX_IMPORT_ROWS, MAX_REPORTED_ERRORS,
    RowError,
};
pub use keys::{ApiKeyError, CreateKeyError, NewApiKey, OriginError, RevokeKeyError};
pub use new_device::{AliasError, NewDevice, RegisterDeviceError};
pub use patch_agency::{AgencyPatch, PatchAgencyError};
pub use patch_device::{DevicePatch, Patch, PatchDeviceError};
pub use revoke_device::RevokeDeviceError;
