//! The open API: the only place that knows HTTP and the JSON of the outside.
//!
//! [`router`](crate::router) is the table of contents. A handler stands under
//! its OpenAPI attribute in `endpoints/`, one file for each resource; `views/`
//! are the shapes that leave the platform, made for an audience; `access/`
//! says who asks and how much they may.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod backups;
mod boundary_members;
mod described;
mod device_connections;
mod endpoints;
mod openapi;
mod operation_rules;
mod operations;
mod params;
mod problem_kinds;
mod quota;
mod read_permits;
mod router;
mod state;
mod summaries;
mod views;

pub use backups::{BackupProgress, BackupRefused, BackupState, Backups, MadeBackup, NoBackups};
pub use device_connections::{Connections, Names, NoConnections, StandingConnection};
pub use quota::Quotas;
pub use router::serve;
pub use state::{ApiParts, ApiState, PlatformInfo};
