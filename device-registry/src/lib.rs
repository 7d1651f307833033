//! The control plane: agencies, data models, things, devices, credentials,
//! claims, batches, datastreams, sensors, features, boundaries, groups, shares, applications and keys,
//! people and service tokens, in embedded SQLite; and the immutable snapshot of
//! them that the data plane reads.
//!
//! A folder for each kind of entity holds what it is and what can be done to
//! it: one operation a file, each a method of [`Registry`] with an error of its
//! own. Operations block on the disk and are few; reading the [`Snapshot`] and
//! proving an identity take no lock and no I/O.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod agency;
mod application;
mod audit;
mod auth;
mod boundary;
mod boxed;
mod device;
mod enrolment;
mod events;
mod feature;
mod group;
mod label;
mod model;
mod person;
mod person_login;
mod registry;
mod role;
mod search;
mod secret;
mod sensor;
mod service_token;
mod share;
mod snapshot;
mod store;
mod thing;

pub use agency::{
    Agency, AgencyPatch, CreateAgencyError, MAX_AGENCIES, MAX_RETENTION_DAYS, MIN_RETENTION_DAYS,
    NewAgency, PatchAgencyError, RetentionError, horizon,
};
pub use application::{
    ApiKey, ApiKeyError, ApiKeyKind, Application, CreateApplicationError, CreateKeyError,
    CreatedApplication, IssuedKey, MAX_APPLICATIONS, MAX_KEYS_EVER, MAX_LIVE_KEYS, MAX_ORIGINS,
    NewApiKey, NewApplication, OriginError, RevokeKeyError,
};
pub use audit::{
    AuditEntry, AuditFault, AuditHash, AuditHead, AuditOrder, AuditQuery, read_entry, verify_audit,
};
pub use auth::{
    AuthError, AuthErrorKind, CHALLENGE_BYTES, CHALLENGE_METHOD, Exposure, SignatureAlgorithm,
    authenticate_certificate, authenticate_challenge, authenticate_jwt, confirmed_key,
    new_challenge, verify_signature,
};
pub use boundary::{
    Boundary, GeoJson, GeoJsonError, MAX_BOUNDARIES, MAX_VERTICES_IN_ALL, NewBoundary, PutBoundary,
    PutBoundaryError, Shape, ShapeError,
};
pub use device::{
    AddCredentialError, AliasError, Credential, CredentialProof, Device, DeviceDatastreams,
    DeviceLogin, DevicePatch, DeviceProof, DeviceStatus, EndingsTold, ExtraDatastream,
    ExtraDatastreamError, FaultyRows, GatewayError, ImportError, ImportMode, ImportReport,
    ImportRow, ImportStep, ImportTerms, MAX_CREDENTIALS, MAX_DEVICES_TOGETHER, MAX_EXTRA_FIELDS,
    MAX_IMPORT_ROWS, MAX_OVERLAP_DAYS, MAX_REPORTED_ERRORS, MadePassword, NetworkError, NewDevice,
    NewExtraField, NewKey, NoLongerAdmitted, NotItsChild, OldCredentials, PasswordTerms, Patch,
    PatchDeviceError, PublicKeyError, RegisterDeviceError, RemoveCredentialError,
    ReplaceDeviceError, Replacement, RowError, StandingDevices, TOLD_DAYS_BEFORE, Transfer,
    TransferDeviceError, USUAL_OVERLAP_DAYS, UnreadableRow,
};
pub use enrolment::{
    Batch, Claim, ClaimState, ClaimUse, CreateBatchError, CreateClaimError, EnrolDeviceError,
    Enrolment, IssuedBatch, IssuedClaim, MAX_AGENCY_CLAIMS, MAX_BATCH_DEVICES, MAX_BATCHES,
    MAX_CLAIMS, MAX_OPEN_CLAIMS, NewBatch, NewClaim, RevokeClaimError, Ticket,
};
pub use events::{
    Event, EventKind, Events, MAX_EVENTS, MAX_EVENTS_OF_DEVICE, MAX_REFUSED, NewEvent,
};
pub use feature::{
    Feature, FeatureGeoJson, FeatureGeometry, FeatureGeometryError, FeatureRoomTaken, MAX_FEATURES,
    MAX_FEATURES_OF_AGENCY, MAX_OBSERVERS, MAX_OBSERVERS_IN_ALL, MAX_OBSERVERS_OF_AGENCY,
    MAX_POSITIONS, MAX_POSITIONS_IN_ALL, MAX_POSITIONS_OF_AGENCY, NewFeature, PutFeature,
    PutFeatureError,
};
pub use group::{
    CreateGroupError, Group, GroupDevices, GroupError, GroupPatch, GroupQuery, MAX_GROUPS,
    MAX_GROUPS_OF_AGENCY, MAX_LISTED_DEVICES, MAX_LISTED_IN_ALL, MAX_LISTED_OF_AGENCY, Members,
    NewGroup, NewMembers, NewQuery, PatchGroupError, RemoveGroupError,
};
pub use label::LabelError;
pub use model::{
    AddModelError, AddedModel, AddedRefinement, DetailText, ExpectedInterval, Field,
    IncompatibleModel, IntervalError, Kept, MAX_AGENCY_MODELS, MAX_AGENCY_VERSIONS, MAX_MODELS,
    Model, ModelChange, ModelDetails, ModelDifference, ModelFileError, ModelOrigin, ModelVersion,
    PlausibleRange, Purpose, RefineModelError, RefinedModel, Refinement, RefinementFault,
    StoredVersion, UnusableModel, ValueKind,
};
pub use person::{
    CreatePersonError, MAX_PEOPLE_OF_ONE, NewPerson, PatchPersonError, Person, PersonPatch,
    ProviderIdentity, ProviderLogin, ProviderLoginError,
};
pub use person_login::{
    AcceptInvitationError, ChangePasswordError, INVITATION_DAYS, InvitePersonError,
    IssuedInvitation, LoginAttempt, LoginError, MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, NewLogin,
    OpenInvitation, PasswordError, PersonLogin, RECOVERY_CODES, SecondFactor, TotpSecret,
    is_recovery_code,
};
pub use registry::{
    Actor, Changed, EndError, ErrorClass, Means, OpenError, OperationError, OwnersStand,
    PEPPER_FILE, Registry, RestoredFrom, Who,
};
pub use role::{Grant, GrantError, GrantsError, MAX_GRANTS, Permission, Permissions, Rights, Role};
pub use search::{
    Found, FoundKind, Hit, MAX_LOOKED_AT, MAX_NEEDLE_CHARS, Needle, NeedleError, Rank, SearchPage,
    SearchPlace, SearchPlaceError, Sight,
};
pub use secret::RandomError;
pub use secret::file::SecretFileError;
pub use secret::operator::{MIN_TOKEN_BYTES, OperatorError, TOKEN_FILE};
pub use sensor::{
    AddSensorError, CalibrateSensorError, Calibration, CalibrationError, CalibrationsTold,
    Datasheet, MAX_CALIBRATION_TEXT_BYTES, MAX_CALIBRATIONS, MAX_SENSORS_OF_DATASTREAM,
    MAX_SENSORS_OF_DEVICE, MAX_URL_BYTES, NewSensor, PatchSensorError, PeriodError, Sensor,
    SensorDescription, SensorPatch, SensorTextError,
};
pub use service_token::{
    CreateServiceTokenError, IssuedServiceToken, MAX_SERVICE_TOKEN_DAYS, MAX_SERVICE_TOKENS_OF_ONE,
    NewServiceToken, ServiceToken, ServiceTokenError,
};
pub use share::{
    CreateShareError, EndShareError, MAX_SHARES_OF_AGENCY, NewShare, Position, ReadScope, Share,
    SharedData, SharedWhat, Shares,
};
pub use snapshot::{ExtraField, PublicFilter, PublicPlace, Snapshot, WalkEnd, login_name};
pub use store::{
    CopyRegistryError, InspectError, Inspected, Numbers, OpenStoreError, REGISTRY_FILE,
    RegistryFault, RegistryFolder, RegistryMark, SCHEMA_VERSION, StoreError, inspect, mend,
    verify_registry_audit,
};
pub use thing::{
    AddPhotoError, Datastream, Description, DescriptionError, Jpeg, JpegError, Licence,
    LicenceError, LocationSince, MAX_AGENCY_PHOTOS, MAX_DEVICES_OF_THING, MAX_NOTE_BYTES,
    MAX_PHOTO_BYTES, MAX_PHOTO_SCANS, MAX_PHOTO_SIDE, MAX_PHOTOS, MAX_TAG_BYTES, MAX_TAGS,
    MAX_THING_PHOTOS, NewDescription, OwnerSince, PHOTOS_FOLDER, Photo, ReadPhotoError,
    RemovePhotoError, Tag, Thing, ThingDatastreams, Visibility,
};
