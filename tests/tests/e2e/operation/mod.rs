//! The data folder and the settings: backup, doctor, which server.

pub(crate) mod backup;
mod configuration;
mod doctor;
mod folder;
mod which_server;
