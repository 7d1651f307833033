//! The open API as typed, blocking calls.
//!
//! [`ApiClient`] holds a base URL and a credential (an operator's token or an
//! API key); one file per resource has its calls and the shapes of its
//! answers. Lists are [`Pages`]: iterators that fetch page after page. Shapes
//! read what they know and ignore the rest, since `/v1` may grow.

mod agencies;
mod applications;
mod audit;
mod backup;
mod boundaries;
mod client;
mod data;
mod devices;
mod error;
mod models;
mod operations;
mod operators;
mod pages;
mod wire;

pub use agencies::Agency;
pub use applications::{Application, IssuedKey, KeyKind, NewApplication, NewKeyRequest};
pub use backup::{Backup, BackupProgress};
pub use boundaries::NewBoundary;
pub use client::{ApiClient, ApiConfig, ApiCredential};
pub use data::aggregate::{Aggregate, AggregateQuery, Buckets};
pub use data::datastreams::{Datastream, DatastreamFilter};
pub use data::export::{DayFile, ExportDownload, ExportVersion};
pub use data::latest::{Latest, LatestFilter};
pub use data::observations::{Observation, ObservationQuery};
pub use data::stream::{EventStream, Frame, FrameObservation, Gap, StreamEvent, StreamQuery};
pub use devices::connection::{DeviceConnection, GatewayConnection};
pub use devices::events::{Event, Quarantined, Reason, Rejection};
pub use devices::import::{
    ImportFault, ImportFile, ImportForm, ImportMode, ImportReport, ImportStep,
};
pub use devices::telemetry::{Bearer, TelemetryReceipt};
pub use devices::{
    Credential, Device, DeviceFilter, NewDevice, NewPassword, OldCredentials, PublicKeyDocument,
};
pub use error::{ApiError, Problem};
pub use models::{Model, ModelField};
pub use operations::PlatformInfo;
pub use operators::{Invitation, NewOperator, Operator, RoleGrant};
pub use pages::Pages;
pub use wire::{Bilingual, Position};
