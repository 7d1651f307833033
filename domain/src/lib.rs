//! The words of the platform as types: identities, time, place, value,
//! observation and batch, and the payload codecs that a device and the
//! platform share.
//!
//! Nothing here performs I/O, reads a clock, or knows an async runtime.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod assurance;
pub mod batch;
pub mod bbox;
pub mod cell;
pub mod folder;
pub mod ids;
pub mod location;
pub mod observation;
pub mod payload;
pub mod scope;
pub mod time;
pub mod topic;
pub mod units;
pub mod value;

pub use assurance::Assurance;
pub use batch::{ObservationBatch, Origin, Transport};
pub use bbox::{Bbox, BboxError};
pub use cell::{Cell, Cells};
pub use folder::{FOLDER_ID_BYTES, FolderId, FolderIdError, FolderMark, Misfit};
pub use ids::{
    AgencyId, ApiKeyId, ApplicationId, BatchId, BoundaryName, ClaimId, CredentialId, DatastreamId,
    DeviceId, FeatureId, FieldName, GroupId, IdError, ModelId, ObservationId, Offset, PersonId,
    PhotoId, SensorId, ServiceTokenId, ShareId, ThingId,
};
pub use location::{Location, LocationError};
pub use observation::{Flags, ParsedObservation, RejectReason, Rejection, Telemetry};
pub use scope::Scope;
pub use time::{Moment, TimeError, Timestamp};
pub use topic::{DeviceTopic, TopicClass};
pub use units::UnitError;
pub use value::{ParsedValue, Qualities, Quality, Value};
