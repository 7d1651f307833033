//! What was done, and to what kind of object, in words that stay.

use crate::registry::BACKUP_KIND;

/// Of several rows about one object the greatest names the entry: to register a
/// device is also to give it a credential.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Action {
    AddDatastreams,
    HandOverDatastreams,
    MoveThing,
    PatchThing,
    TransferThing,
    CreateThing,
    EndCredential,
    RemoveCredential,
    AddCredential,
    PatchSensor,
    AddSensor,
    CalibrateSensor,
    PatchDevice,
    RevokeDevice,
    DecommissionDevice,
    TransferDevice,
    RegisterDevice,
    PatchAgency,
    CreateAgency,
    AddModel,
    RemoveBoundary,
    PutBoundary,
    RemoveGroup,
    PatchGroup,
    CreateGroup,
    CreateApplication,
    RevokeKey,
    CreateKey,
    PatchClaim,
    RemoveClaim,
    CreateClaim,
    PatchBatch,
    RemoveBatch,
    CreateBatch,
    LogPersonIn,
    ChangePassword,
    AcceptInvitation,
    InvitePerson,
    RemovePerson,
    PatchPerson,
    CreatePerson,
    RemoveServiceToken,
    CreateServiceToken,
    RestoreBackup,
}

impl Action {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AddDatastreams => "datastream.add",
            Self::HandOverDatastreams => "datastream.hand-over",
            Self::MoveThing => "thing.move",
            Self::PatchThing => "thing.patch",
            Self::TransferThing => "thing.transfer",
            Self::CreateThing => "thing.create",
            Self::EndCredential => "credential.end",
            Self::RemoveCredential => "credential.remove",
            Self::AddCredential => "credential.add",
            Self::PatchSensor => "sensor.patch",
            Self::AddSensor => "sensor.add",
            Self::CalibrateSensor => "sensor.calibrate",
            Self::PatchDevice => "device.patch",
            Self::RevokeDevice => "device.revoke",
            Self::DecommissionDevice => "device.decommission",
            Self::TransferDevice => "device.transfer",
            Self::RegisterDevice => "device.register",
            Self::PatchAgency => "agency.patch",
            Self::CreateAgency => "agency.create",
            Self::AddModel => "model.add",
            Self::RemoveBoundary => "boundary.remove",
            Self::PutBoundary => "boundary.put",
            Self::RemoveGroup => "group.remove",
            Self::PatchGroup => "group.patch",
            Self::CreateGroup => "group.create",
            Self::CreateApplication => "application.create",
            Self::RevokeKey => "key.revoke",
            Self::CreateKey => "key.create",
            Self::PatchClaim => "claim.patch",
            Self::RemoveClaim => "claim.remove",
            Self::CreateClaim => "claim.create",
            Self::PatchBatch => "batch.patch",
            Self::RemoveBatch => "batch.remove",
            Self::CreateBatch => "batch.create",
            Self::LogPersonIn => "person.log-in",
            Self::ChangePassword => "person.change-password",
            Self::AcceptInvitation => "person.accept-invitation",
            Self::InvitePerson => "person.invite",
            Self::RemovePerson => "person.remove",
            Self::PatchPerson => "person.patch",
            Self::CreatePerson => "person.create",
            Self::RemoveServiceToken => "service-token.remove",
            Self::CreateServiceToken => "service-token.create",
            Self::RestoreBackup => "backup.restore",
        }
    }
}

/// The kind of an object; with its id it names the object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Kind {
    Agency,
    Model,
    Boundary,
    Group,
    Thing,
    Device,
    Application,
    Key,
    Claim,
    Batch,
    Person,
    ServiceToken,
    Backup,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Model => "model",
            Self::Boundary => "boundary",
            Self::Group => "group",
            Self::Thing => "thing",
            Self::Device => "device",
            Self::Application => "application",
            Self::Key => "key",
            Self::Claim => "claim",
            Self::Batch => "batch",
            Self::Person => "person",
            Self::ServiceToken => "service-token",
            Self::Backup => BACKUP_KIND,
        }
    }
}
