//! The open API as typed, blocking calls.
//!
//! [`ApiClient`] holds a base URL and a credential (an operator's token or an
//! API key); one file per resource has its calls and the shapes of its
//! answers. Lists are [`Pages`]: iterators that fetch page after page. Shapes
//! read what they know and ignore the rest, since `/v1` may grow.

mod agencies;
mod aggregate;
mod applications;
mod backup;
mod boundaries;
mod client;
mod connection;
mod datastreams;
mod devices;
mod error;
mod events;
mod export;
mod latest;
mod models;
mod observations;
mod operations;
mod pages;
mod stream;
mod telemetry;
mod wire;

pub use agencies::Agency;
pub use aggregate::{Aggregate, AggregateQuery, Buckets};
pub use applications::{Application, IssuedKey, KeyKind, NewApplication, NewKeyRequest};
pub use backup::{Backup, BackupProgress};
pub use boundaries::NewBoundary;
pub use client::{ApiClient, ApiConfig, ApiCredential};
pub use connection::{DeviceConnection, GatewayConnection};
pub use datastreams::{Datastream, DatastreamFilter};
pub use devices::{
    Credential, Device, DeviceFilter, ImportFault, ImportMode, ImportReport, NewDevice,
    NewPassword, PublicKeyDocument,
};
pub use error::{ApiError, Problem};
pub use events::{Event, Quarantined, Reason, Rejection};
pub use export::{DayFile, ExportDownload, ExportVersion};
pub use latest::{Latest, LatestFilter};
pub use models::{Model, ModelField};
pub use observations::{Observation, ObservationQuery};
pub use operations::PlatformInfo;
pub use pages::Pages;
pub use stream::{EventStream, Frame, FrameObservation, Gap, StreamEvent, StreamQuery};
pub use telemetry::{Bearer, TelemetryReceipt};
pub use wire::{Bilingual, Position};
