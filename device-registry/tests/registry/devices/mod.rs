//! Devices: how they come in, belong together and end.

mod enrolment;
mod gateways;
mod groups;
mod import;
mod lifecycle;
mod photos;
mod registration;
mod sensors;
mod things;
