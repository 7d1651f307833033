//! The data folder and the settings: audit, backup, doctor, which server.
//! The data folder, the settings and imports: backup, doctor, which server.

mod audit;
pub(crate) mod backup;
mod configuration;
mod doctor;
mod folder;
mod import;
mod which_server;
