//! The handlers, each under its description, in folders by subject.

pub(crate) mod applications;
pub(crate) mod data;
pub(crate) mod devices;
pub(crate) mod enrolment;
pub(crate) mod export;
pub(crate) mod login;
pub(crate) mod operations;
pub(crate) mod pages;
pub(crate) mod people;
pub(crate) mod registry;
mod registry_problem;
pub(crate) mod sensorthings;
pub(crate) mod stream;
