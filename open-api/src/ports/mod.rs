//! What the API asks of rooms that it does not know: the composition root joins
//! them.

mod backups;
mod connections;

pub use backups::{BackupProgress, BackupRefused, BackupState, Backups, MadeBackup, NoBackups};
pub use connections::{Connections, Names, NoConnections, StandingConnection};
