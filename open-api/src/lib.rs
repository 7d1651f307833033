//! The open API: the only place that knows HTTP and the JSON of the outside.
//!
//! [`router`](crate::router) is the table of contents. A handler stands under
//! its OpenAPI attribute in `endpoints/`, one file for each resource; `views/`
//! are the shapes that leave the platform, made for an audience; `access/`
//! says who asks and how much they may.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod aside;
mod backups;
mod body;
mod boundary_members;
mod client_address;
mod coding;
mod connection;
mod csv_table;
mod described;
mod device_connections;
mod endpoints;
mod envelope;
mod limits;
mod list;
mod openapi;
mod operation_rules;
mod operations;
mod pagination;
mod params;
mod problem;
mod problem_kind;
mod quota;
mod reads;
mod reply_body;
mod router;
mod state;
mod summaries;
mod told;
mod views;
mod websocket;

pub use backups::{BackupProgress, BackupRefused, BackupState, Backups, MadeBackup, NoBackups};
pub use client_address::{NetworkError, TrustedProxies};
pub use connection::serve;
pub use device_connections::{Connections, Names, NoConnections, StandingConnection};
pub use limits::{HttpLimits, MAX_CONNECTIONS};
pub use quota::Quotas;
pub use state::{ApiParts, ApiState, PlatformInfo};
