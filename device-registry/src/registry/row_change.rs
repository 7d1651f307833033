//! The rows that a change adds, alters and removes: what an operation says to
//! the store, which applies them in this order, all or none.

use std::sync::Arc;

use domain::{
    AgencyId, ApiKeyId, BatchId, BoundaryName, ClaimId, CredentialId, DatastreamId, DeviceId,
    FeatureId, FieldName, GroupId, ModelId, PersonId, PhotoId, SensorId, ServiceTokenId, ShareId,
    ThingId, Timestamp,
};

use crate::agency::Agency;
use crate::application::{ApiKey, Application};
use crate::boundary::Boundary;
use crate::device::{Credential, Device, StagedImport};
use crate::enrolment::{Batch, Claim};
use crate::feature::Feature;
use crate::group::Group;
use crate::model::{ModelOrigin, ModelVersion};
use crate::person::Person;
use crate::person_login::PersonLogin;
use crate::registry::RestoredFrom;
use crate::sensor::{Calibration, Sensor};
use crate::service_token::ServiceToken;
use crate::share::Share;
use crate::thing::{LocationSince, OwnerSince, Photo, Thing};

/// One row of one table. A row comes after those that it refers to.
pub(crate) enum RowChange {
    AddAgency(Arc<Agency>),
    /// How long an agency keeps a model's data; `None`: as the model says.
    SetRetention {
        agency: AgencyId,
        model: ModelId,
        days: Option<u32>,
    },
    AddModel(ModelRow),
    AddRefinement(RefinementRow),
    /// Takes the place of the one of its name.
    PutBoundary(Arc<Boundary>),
    RemoveBoundary(BoundaryName),
    /// Takes the place of the one of its id, with all that it lists.
    PutGroup(Arc<Group>),
    RemoveGroup(GroupId),
    /// Takes the place of the one of its id, with all who observe it.
    PutFeature(Arc<Feature>),
    RemoveFeature(FeatureId),
    /// Takes the place of the one of its id.
    PutShare(Arc<Share>),
    RemoveShare(ShareId),
    AddThing(Arc<Thing>),
    /// Whose it is, its licence, its attribution, its description and who may read
    /// it.
    ChangeThing(Arc<Thing>),
    AddLocation {
        thing: ThingId,
        entry: LocationSince,
    },
    RemoveLocation {
        thing: ThingId,
        since: Timestamp,
    },
    /// Two transfers within one microsecond are one.
    AddOwner {
        thing: ThingId,
        entry: OwnerSince,
    },
    /// The picture itself is a file.
    AddPhoto {
        thing: ThingId,
        photo: Arc<Photo>,
    },
    RemovePhoto {
        thing: ThingId,
        photo: PhotoId,
    },
    /// `number` tells the order of registration.
    AddDevice {
        number: u64,
        device: Arc<Device>,
    },
    /// Whose it is, its name, its status, its end and its gateway.
    ChangeDevice(Arc<Device>),
    AddCredential {
        device: DeviceId,
        credential: Credential,
    },
    EndCredential {
        device: DeviceId,
        credential: CredentialId,
        expires: Option<Timestamp>,
    },
    RemoveCredential {
        device: DeviceId,
        credential: CredentialId,
    },
    AddDatastream(DatastreamRow),
    /// The next device sends it, or it is of another model.
    HandOverDatastream(DatastreamRow),
    AddSensor(Arc<Sensor>),
    ChangeSensor {
        /// The snapshot has none of it.
        before: Arc<Sensor>,
        after: Arc<Sensor>,
    },
    /// Takes the place of the one of its time.
    PutCalibration {
        device: DeviceId,
        sensor: SensorId,
        before: Option<Arc<Calibration>>,
        calibration: Arc<Calibration>,
    },
    AddClaim(Arc<Claim>),
    /// It was used or revoked.
    ChangeClaim(Arc<Claim>),
    RemoveClaim(ClaimId),
    AddBatch(Arc<Batch>),
    /// It has enrolled one more, or was revoked.
    ChangeBatch(Arc<Batch>),
    RemoveBatch(BatchId),
    AddApplication(Arc<Application>),
    /// `number` tells the order of making.
    AddApiKey {
        number: u64,
        key: Arc<ApiKey>,
    },
    /// It ends at the time that it says.
    RevokeApiKey(Arc<ApiKey>),
    NoteApiKeyUse {
        key: ApiKeyId,
        at: Timestamp,
    },
    AddPerson(Arc<Person>),
    /// Its name, whether it is enabled, and its roles.
    ChangePerson(Arc<Person>),
    /// What it logs in with goes too.
    RemovePerson(PersonId),
    /// In the place of what the person logged in with.
    PutLogin {
        person: PersonId,
        login: Arc<PersonLogin>,
    },
    AddServiceToken(Arc<ServiceToken>),
    RemoveServiceToken(ServiceTokenId),
    /// The folder was made from a backup. It has no row of its own: the audit tells.
    NoteRestore(RestoredFrom),
    /// Of an import on its way; its devices have rows of their own.
    Import(StagedImport),
}

/// What is written of a datastream; all else follows from its thing and its model.
pub(crate) struct DatastreamRow {
    pub(crate) id: DatastreamId,
    pub(crate) thing: ThingId,
    pub(crate) field: FieldName,
    pub(crate) device: DeviceId,
    pub(crate) model: ModelId,
}

/// One version of a model.
pub(crate) struct ModelRow {
    pub(crate) id: ModelId,
    pub(crate) version: ModelVersion,
    /// The data file.
    pub(crate) content: Box<str>,
    pub(crate) origin: ModelOrigin,
    pub(crate) created: Timestamp,
}

/// What an agency says otherwise of a model.
pub(crate) struct RefinementRow {
    /// As the audit names it.
    pub(crate) object: Box<str>,
    pub(crate) model: ModelId,
    pub(crate) agency: AgencyId,
    /// Among those of the model.
    pub(crate) version: ModelVersion,
    pub(crate) content: Box<str>,
    pub(crate) created: Timestamp,
}
