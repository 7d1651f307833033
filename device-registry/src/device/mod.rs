//! Devices: hardware with an identity, its credentials, and what it needs on
//! the data plane.

mod change_credentials;
mod credential;
mod datastreams;
mod decommission;
mod endings;
mod extra_datastream;
mod gateway;
mod gateway_child;
mod import;
mod login;
mod network;
mod new_device;
mod patch;
pub(crate) mod public_key;
mod register;
mod replace;
mod revoke;
mod rotate;
mod transfer;

use std::sync::Arc;

use domain::{AgencyId, DeviceId, Location, ThingId, Timestamp};

use crate::model::Model;
use crate::thing::Datastream;

pub use change_credentials::{
    AddCredentialError, MadePassword, PasswordTerms, RemoveCredentialError,
};
pub use credential::{Credential, CredentialProof, MAX_CREDENTIALS};
pub use datastreams::DeviceDatastreams;
pub(crate) use endings::told_days_before;
pub use endings::{EndingsTold, TOLD_DAYS_BEFORE};
pub use extra_datastream::{
    ExtraDatastream, ExtraDatastreamError, MAX_EXTRA_FIELDS, NewExtraField,
};
pub use gateway::GatewayError;
pub use gateway_child::NotItsChild;
pub(crate) use import::{AcceptedImport, ComingDevices, ImportPiece, StagedImport};
pub use import::{
    FaultyRows, ImportError, ImportMode, ImportReport, ImportRow, ImportStep, ImportTerms,
    MAX_IMPORT_ROWS, MAX_REPORTED_ERRORS, RowError, StandingDevices, UnreadableRow,
};
pub use login::{DeviceLogin, DeviceProof, NoLongerAdmitted};
pub use network::NetworkError;
pub(crate) use network::{MAX_NETWORKS, Network};
pub(crate) use new_device::Checked;
pub use new_device::{AliasError, NewDevice, RegisterDeviceError};
pub use patch::{DevicePatch, Patch, PatchDeviceError};
pub use public_key::{NewKey, PublicKeyError};
pub(crate) use register::register;
pub use replace::{ReplaceDeviceError, Replacement};
pub(crate) use rotate::DAY_MICROS;
pub use rotate::{MAX_OVERLAP_DAYS, USUAL_OVERLAP_DAYS};
pub use transfer::{MAX_DEVICES_TOGETHER, OldCredentials, Transfer, TransferDeviceError};

/// Whether a device may connect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeviceStatus {
    Active,
    Revoked,
}

impl DeviceStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Revoked]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// Hardware with an identity, and what it needs on the data plane.
#[derive(Clone, PartialEq, Debug)]
pub struct Device {
    pub id: DeviceId,
    /// A MAC or EUI with colons, in lower case, under which it may log in too.
    pub alias: Option<Box<str>>,
    pub thing: ThingId,
    pub agency: AgencyId,
    /// The device that may publish for it, beside itself.
    pub gateway: Option<DeviceId>,
    pub model: Arc<Model>,
    pub name: String,
    pub location: Option<Location>,
    pub status: DeviceStatus,
    /// The device is refused from then on.
    pub expires: Option<Timestamp>,
    pub created: Timestamp,
    /// When it was taken out of service; it is revoked since then at the latest.
    pub decommissioned: Option<Timestamp>,
    /// Up to [`MAX_CREDENTIALS`] active ones.
    pub credentials: Box<[Credential]>,
    pub datastreams: DeviceDatastreams,
}

impl Device {
    pub fn datastream(&self, field: &str) -> Option<Datastream<'_>> {
        self.datastreams
            .iter()
            .find(|datastream| datastream.field.as_str() == field)
    }

    /// Whether it may connect and publish at `now`.
    pub fn admitted(&self, now: Timestamp) -> bool {
        self.status == DeviceStatus::Active && self.expires.is_none_or(|at| now < at)
    }
}
