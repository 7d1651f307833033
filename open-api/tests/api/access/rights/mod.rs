//! People's and programs' rights: roles in agencies and for the platform.

mod callers;
mod isolation;
mod matrix;
mod models;
mod people;
mod requests;

pub(crate) use callers::{Caller, holder, service_token};
