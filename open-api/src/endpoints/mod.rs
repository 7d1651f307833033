//! The handlers, one file for each resource, each under its description.

pub(crate) mod agencies;
pub(crate) mod aggregate;
pub(crate) mod application_keys;
pub(crate) mod applications;
pub(crate) mod backup;
pub(crate) mod boundaries;
mod bucket;
pub(crate) mod datastreams;
pub(crate) mod device_connection;
pub(crate) mod device_credentials;
mod device_csv;
pub(crate) mod device_events;
pub(crate) mod device_import;
pub(crate) mod devices;
pub(crate) mod export;
mod export_file;
pub(crate) mod health;
pub(crate) mod latest;
pub(crate) mod metrics;
pub(crate) mod models;
pub(crate) mod observations;
pub(crate) mod pages;
pub(crate) mod platform;
pub(crate) mod problems;
mod registry_problem;
pub(crate) mod session;
pub(crate) mod stream;
mod stream_feed;
mod stream_places;
mod stream_reader;
pub(crate) mod stream_socket;
mod stream_wire;
pub(crate) mod telemetry;
pub(crate) mod things;

pub(crate) use export_file::Downloads;
pub(crate) use stream_places::Streams;
