//! The open API: the only place that knows HTTP and the JSON of the outside.
//!
//! [`router`](crate::router) is the table of contents. A handler stands under
//! its OpenAPI attribute in `endpoints/`, in folders by subject; `views/` are the
//! shapes that leave the platform, made for a viewer; `access/` says who asks
//! and how much they may. What knows no resource is `http_edge`.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod cache;
mod endpoints;
mod login_policy;
mod openapi;
mod params;
mod permits;
mod ports;
mod problem_kinds;
mod quota;
mod router;
mod sign_on;
mod state;
mod views;

pub use endpoints::enrolment::enrolments::Enrolments;
pub use login_policy::{LoginPolicy, SecondFactorFor};
pub use openid::{ClientConfig, ConfigError as IssuerError};
pub use ports::{
    BackupProgress, BackupRefused, BackupState, Backups, Connections, MadeBackup, Names, NoBackups,
    NoConnections, StandingConnection,
};
pub use quota::Quotas;
pub use router::serve;
pub use sign_on::{ClaimRoles, ClaimRolesError, SignOn};
pub use state::{ApiParts, ApiState, PlatformInfo};
